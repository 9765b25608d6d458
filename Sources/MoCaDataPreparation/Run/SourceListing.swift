// The contents of a source, before anything is fetched.

import Foundation
import MoCaHub

extension DataSource {
    /// Queries the Hub, a server or the disk, and makes the units of work.
    func units(_ context: PreparationContext) throws -> [PreparationUnit] {
        var commit: String?
        var files: [ListedFile]
        switch origin {
        case .hub(let repository):
            let listing = try PreparationError.fetching {
                try HubListing(
                    repository.reference, HubAccess(context.options.environment),
                    context.transfer)
            }
            files = listing.files.map {
                ListedFile(path: $0.path, size: $0.size, sha256: $0.sha256)
            }
            commit = listing.commit
        case .url(let url, let file):
            let check = checks[file]
            let size = try check?.size ?? sizeOfServer(url, context)
            files = [ListedFile(path: file, size: size, sha256: check?.sha256)]
        case .folder(let folder):
            guard FileManager.default.fileExists(atPath: folder.path) else {
                throw PreparationError.folderMissing(source: name, path: folder.path)
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

    /// The size that a server reports, now or to an earlier run; nil if it does not.
    private func sizeOfServer(_ url: String, _ context: PreparationContext) throws -> Int? {
        let place = context.work.answer(source: name)
        if let known = WorkFolder.read(RemoteAnswer.self, place), known.url == url {
            return known.size
        }
        let asked = try PreparationError.fetching {
            try RemoteAnswer.ask(url, context.transfer)
        }
        guard let answer = asked else { return nil }
        try WorkFolder.write(answer, to: place)
        return answer.size
    }

    /// Adds the manifest's checks of a file, and refuses a path that leaves the folder.
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
