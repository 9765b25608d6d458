// What a source holds, before anything is fetched.

import Foundation

extension DataSource {
    /// Asks the Hub, a server or the disk, and makes the units of work.
    func units(_ context: PreparationContext) throws -> [PreparationUnit] {
        var commit: String?
        var files: [ListedFile]
        switch origin {
        case .hub(let repository):
            let listing = try HubListing(repository, source: name, context)
            (files, commit) = (listing.files, listing.commit)
        case .url(let url, let file):
            let check = checks[file] ?? FileCheck(size: nil, sha256: nil)
            let download = URLDownload(
                url: url, check: check,
                destination: context.work.scratch(source: name).appending(path: file),
                context: context)
            files = [ListedFile(path: file, size: try download.remoteSize(), sha256: check.sha256)]
        case .folder(let folder):
            guard FileManager.default.fileExists(atPath: folder.path) else {
                throw PreparationError.notFound(what: folder.path)
            }
            files = []
            try FolderWalk.forEachFile(in: folder, followsLinks: true) { path, _, size in
                files.append(ListedFile(path: path, size: size))
            }
        }
        for index in files.indices { try apply(to: &files[index]) }
        for file in checks.keys.sorted() where !files.contains(where: { $0.path == file }) {
            throw PreparationError.nothingMatches(source: name, pattern: file)
        }
        return try PreparationUnit.units(of: self, files: files, commit: commit)
    }

    /// Adds what the manifest says of a file, and refuses a path that leaves the folder.
    private func apply(to file: inout ListedFile) throws {
        do {
            _ = try InnerPath(file.path)
        } catch {
            throw PreparationError.unsafeEntry(
                archive: name, entry: file.path, reason: error.reason)
        }
        guard let check = checks[file.path] else { return }
        if let expected = check.size, let found = file.size, found != expected {
            throw PreparationError.wrongSize(file: file.path, expected: expected, found: found)
        }
        if let expected = check.sha256, let found = file.sha256, found != expected {
            throw PreparationError.wrongHash(file: file.path, expected: expected, found: found)
        }
        file.size = check.size ?? file.size
        file.sha256 = check.sha256 ?? file.sha256
    }
}
