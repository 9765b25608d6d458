// Finds a repository's files in the cache, without requests.

import Foundation
import MoCaSettings

extension HubCache {
    /// The snapshot of a revision: that of the full hash of a commit, else of the branch or tag in
    /// `refs`, else, in a cache without `refs`, the only snapshot of the default revision.
    ///
    /// - Throws: `HubError.unreadableCache`.
    package func snapshot(_ repository: HubReference) throws -> HubSnapshot? {
        guard let commit = try commit(of: repository) else { return nil }
        let folder = snapshot(commit, of: repository)
        guard Self.isFolder(folder) else { return nil }
        return HubSnapshot(folder: folder, name: repository.name, commit: commit)
    }

    /// The commit of a revision, as far as the cache knows it.
    private func commit(of repository: HubReference) throws -> String? {
        if let commit = repository.commit { return commit }
        if let data = FileManager.default.contents(atPath: ref(repository).path) {
            let text = String(decoding: data, as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            guard HubReference.isCommit(text) else {
                throw HubError.unreadableCache(
                    path: ref(repository).path, reason: "it holds no commit")
            }
            return text
        }
        guard repository.revision == HubReference.defaultRevision else { return nil }
        let refs = folder(of: repository).appending(path: "refs")
        guard try Self.names(in: refs).isEmpty else { return nil }
        let commits = try commits(of: repository)
        return commits.count == 1 ? commits[0] : nil
    }

    /// The commits that have snapshots, sorted.
    package func commits(of repository: HubReference) throws -> [String] {
        try Self.names(in: folder(of: repository).appending(path: "snapshots"))
            .filter(HubReference.isCommit)
    }

    /// What a commit has, as far as the cache knows it.
    enum Presence {
        case here
        /// The repository has the file, or may have it.
        case missing
        /// The commit has no such file.
        case absent
    }

    /// Whether a snapshot has a file, and if not, whether its commit has it.
    func presence(of path: String, in snapshot: HubSnapshot, listing: Set<String>?) -> Presence {
        // A link whose blob is missing does not exist.
        let file = snapshot.folder.appending(path: path)
        if FileManager.default.fileExists(atPath: file.path) { return .here }
        let repository = HubReference(kind: .model, name: snapshot.name)
        let mark = absence(of: path, snapshot.commit, repository)
        if FileManager.default.fileExists(atPath: mark.path) { return .absent }
        if let listing { return listing.contains(path) ? .missing : .absent }
        return .missing
    }

    /// The paths of a commit, from the listing that huggingface_hub keeps; nil without one.
    func listing(of snapshot: HubSnapshot) -> Set<String>? {
        let repository = HubReference(kind: .model, name: snapshot.name)
        let file = folder(of: repository).appending(path: "trees/\(snapshot.commit).json")
        guard let data = FileManager.default.contents(atPath: file.path) else { return nil }
        do {
            let tree = try JSON(parsing: data)
            guard tree["format_version"]?.integer == 1 else { return nil }
            return tree["files"]?.object.map { Set($0.keys) }
        } catch {
            // A listing only saves requests: huggingface_hub ignores a damaged one too.
            return nil
        }
    }

    /// The names in a folder, sorted; empty if there is no folder.
    ///
    /// - Throws: `HubError.unreadableCache`.
    static func names(in folder: URL) throws -> [String] {
        guard isFolder(folder) else { return [] }
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder.path)
                .filter { !$0.hasPrefix(".") }.sorted()
        } catch {
            throw HubError.unreadableCache(path: folder.path, reason: error.localizedDescription)
        }
    }

    static func isFolder(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
            && isFolder.boolValue
    }
}
