// The cache of huggingface_hub: where it is, and how its folders are named.
//
//     models--ORG--NAME/refs/REVISION        the commit of a branch or tag
//                      /blobs/TAG            the contents of files, by entity tag
//                      /snapshots/COMMIT/... the files of a commit, links into blobs
//                      /.no_exist/COMMIT/... empty files: the commit has no such file
//                      /trees/COMMIT.json    the listing of a commit
//     .locks/models--ORG--NAME/TAG.lock      held while a blob is written

package import Foundation

/// The locations in a cache.
package struct HubCache: Sendable, Hashable {
    /// The folder of the cache.
    package let root: URL

    /// Selects the folder as huggingface_hub does: `HF_HUB_CACHE`, else `hub` in `HF_HOME`, else
    /// `huggingface/hub` in `XDG_CACHE_HOME` or `~/.cache`.
    package init(_ environment: [String: String]) {
        let names = ["HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"]
        let given = names.compactMap { environment[$0] }.first { !$0.isEmpty }
        let path = given.map { HubAccess.expanded($0, environment) }
        root = URL(
            fileURLWithPath: path ?? "\(HubAccess.home(environment))/hub", isDirectory: true)
    }

    /// The folder of a repository.
    func folder(of repository: HubReference) -> URL {
        root.appending(
            path: Self.folderName(of: repository), directoryHint: .isDirectory)
    }

    /// The file that contains the commit of a branch or tag.
    func ref(_ repository: HubReference) -> URL {
        folder(of: repository).appending(path: "refs/\(repository.revision)")
    }

    /// The file with the contents of a blob.
    func blob(_ tag: String, of repository: HubReference) -> URL {
        folder(of: repository).appending(path: "blobs/\(tag)")
    }

    /// The lock that is held while a blob is written.
    func lock(_ tag: String, of repository: HubReference) -> URL {
        root.appending(path: ".locks/\(Self.folderName(of: repository))/\(tag).lock")
    }

    /// The folder with the files of a commit.
    func snapshot(_ commit: String, of repository: HubReference) -> URL {
        folder(of: repository).appending(
            path: "snapshots/\(commit)", directoryHint: .isDirectory)
    }

    /// The mark that a commit has no file of this path.
    func absence(of path: String, _ commit: String, _ repository: HubReference) -> URL {
        folder(of: repository).appending(path: ".no_exist/\(commit)/\(path)")
    }

    private static func folderName(of repository: HubReference) -> String {
        "\(repository.kind.rawValue)s--" + repository.name.replacing("/", with: "--")
    }
}

/// The files of one commit in a cache.
package struct HubSnapshot: Sendable, Hashable {
    /// The folder with the files.
    package let folder: URL
    /// The name of the repository.
    package let name: String
    package let commit: String

    init(folder: URL, name: String, commit: String) {
        self.folder = folder
        self.name = name
        self.commit = commit
    }

    /// Recognises a snapshot by its path, `.../models--ORG--NAME/snapshots/COMMIT`; nil for another
    /// folder.
    package init?(_ folder: URL) {
        let parts = folder.standardizedFileURL.pathComponents.suffix(3)
        guard parts.count == 3, let commit = parts.last, HubReference.isCommit(commit),
            parts.dropLast().last == "snapshots", let first = parts.first,
            first.hasPrefix("models--")
        else { return nil }
        let name = String(first.dropFirst("models--".count)).replacing("--", with: "/")
        guard HubReference(model: name) != nil else { return nil }
        self.init(folder: folder, name: name, commit: commit)
    }

    /// The name with the commit: what selects the same files again.
    package var text: String { "\(name)@\(commit)" }
}
