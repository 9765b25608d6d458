// The models in a cache, for a list.

import Foundation
import MoCaSettings

/// One commit of a model in a cache.
package struct CachedModel: Sendable, Hashable, Encodable {
    /// The name, `ORG/NAME`.
    package let name: String
    /// The branches and tags that point to the commit.
    package let revisions: [String]
    package let commit: String
    /// The size of its files in bytes; files of several commits count for each.
    package let bytes: Int
    /// `model_type` of `config.json`, or `adapter`; nil if it has neither.
    package let kind: String?
    /// Whether all files that the model needs are there.
    package let isComplete: Bool
    /// The folder of the files.
    package let path: String

    enum CodingKeys: String, CodingKey {
        case name, revisions, commit, bytes, kind, path
        case isComplete = "complete"
    }
}

extension HubCache {
    /// All models in the cache, by name and commit.
    ///
    /// - Throws: `HubError.unreadableCache`.
    package func models() throws -> [CachedModel] {
        try Self.names(in: root).flatMap { name -> [CachedModel] in
            guard name.hasPrefix("models--") else { return [] }
            let text = String(name.dropFirst("models--".count)).replacing("--", with: "/")
            guard let repository = HubReference(model: text) else { return [] }
            let refs = try refs(of: repository)
            return try commits(of: repository).map { commit in
                try model(repository, commit, refs: refs[commit] ?? [])
            }
        }
    }

    /// The branches, tags and commits that the cache has of a repository: the names of a commit, or
    /// its hash if it has none.
    ///
    /// - Throws: `HubError.unreadableCache`.
    func revisions(of repository: HubReference) throws -> [String] {
        let refs = try refs(of: repository)
        return try commits(of: repository).flatMap { refs[$0] ?? [$0] }
    }

    private func model(
        _ repository: HubReference, _ commit: String, refs: [String]
    ) throws -> CachedModel {
        let snapshot = HubSnapshot(
            folder: self.snapshot(commit, of: repository), name: repository.name, commit: commit)
        let kind = Self.kind(of: snapshot.folder)
        let content: ModelContent = kind == "adapter" ? .adapter : .model
        return CachedModel(
            name: repository.name, revisions: refs, commit: commit,
            bytes: Self.paths(below: snapshot.folder).reduce(0) {
                $0 + (Self.size(of: snapshot.folder.appending(path: $1)) ?? 0)
            }, kind: kind,
            isComplete: try missing(content, in: snapshot).isEmpty,
            path: snapshot.folder.path)
    }

    /// The branches and tags of each commit.
    private func refs(of repository: HubReference) throws -> [String: [String]] {
        let folder = folder(of: repository).appending(path: "refs", directoryHint: .isDirectory)
        var refs: [String: [String]] = [:]
        for path in Self.paths(below: folder).sorted() {
            let file = folder.appending(path: path)
            guard let data = FileManager.default.contents(atPath: file.path) else { continue }
            let commit = String(decoding: data, as: UTF8.self)
                .trimmingCharacters(in: .whitespacesAndNewlines)
            refs[commit, default: []].append(path)
        }
        return refs
    }

    private static func kind(of folder: URL) -> String? {
        let files = FileManager.default
        if files.fileExists(atPath: folder.appending(path: "adapter_config.json").path) {
            return "adapter"
        }
        let file = folder.appending(path: "config.json").path
        guard let data = files.contents(atPath: file) else { return nil }
        do {
            return try JSON(parsing: data)["model_type"]?.string
        } catch {
            // A list also names models that cannot be used.
            return nil
        }
    }

    /// The paths of the files below a folder.
    static func paths(below folder: URL) -> [String] {
        (FileManager.default.subpaths(atPath: folder.path) ?? []).filter { path in
            let url = folder.appending(path: path)
            return !isFolder(url) && !url.lastPathComponent.hasPrefix(".")
        }
    }

    /// The size of a file in bytes, following links; nil if there is none.
    static func size(of url: URL) -> Int? {
        var status = stat()
        return stat(url.path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
            ? Int(status.st_size) : nil
    }
}
