// Models by name: a local folder, the cache, or a download into the cache.

package import Foundation
package import MoCaCore
import MoCaSystem

/// What the name of a model stands for.
package enum ModelName: Sendable, Hashable {
    case folder(URL)
    case hub(HubReference)

    /// An existing folder is a folder, whatever its name; else `ORG/NAME` and `ORG/NAME@REVISION`
    /// are repositories of the Hub; anything else is a folder that does not exist.
    package init(_ text: String) {
        let isThere = FileManager.default.fileExists(atPath: text)
        if !isThere, let reference = HubReference(model: text) {
            self = .hub(reference)
        } else {
            self = .folder(URL(fileURLWithPath: text, isDirectory: true))
        }
    }
}

/// What a download of a model would need.
package struct DownloadNeeds: Sendable, Hashable {
    /// A file, and its size in bytes, if known.
    package struct File: Sendable, Hashable, Encodable {
        package let path: String
        package let bytes: Int?
    }

    package let name: String
    package let commit: String
    package let files: [File]
    /// The bytes of all files.
    package let bytes: Int
    /// The bytes that the cache does not have yet.
    package let missingBytes: Int
}

/// Finds models by name.
///
/// A model that is complete in the cache is used without a request, so that a name means the same
/// files until `update` is called.
package struct HubModels: Sendable {
    package let cache: HubCache
    private let access: HubAccess
    private let context: TransferContext
    /// Whether requests are forbidden.
    package let isOffline: Bool

    /// The default number of attempts: a person waits.
    private static let failuresMax = 5

    /// - Parameters:
    ///   - environment: the variables that select cache, endpoint and token.
    ///   - isOffline: whether requests are forbidden even if the environment allows them.
    ///   - retries: how failed requests are repeated; nil selects five attempts.
    ///   - progress: receives the progress of downloads and notes, one call at a time.
    ///   - isInterrupted: polled during a download; what is finished is kept.
    package init(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        isOffline: Bool = false, retries: RetryPolicy? = nil,
        progress: @escaping @Sendable (WorkProgress) -> Void = { _ in },
        isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) {
        cache = HubCache(environment)
        access = HubAccess(environment)
        self.isOffline = isOffline || access.isOffline
        var policy = RetryPolicy()
        policy.failuresMax = Self.failuresMax
        context = TransferContext(
            retries: retries ?? policy, connectSeconds: 10, environment: environment,
            progress: ProgressCounter(report: progress)
        ) {
            if isInterrupted() { throw HubError.interrupted(name: "the Hub") }
        }
    }

    /// The folder of a model or an adapter: a local one, or that of a snapshot, which is completed
    /// by a download if files are missing.
    ///
    /// - Returns: a folder, which need not exist if the name is not one of the Hub's.
    /// - Throws: `HubError`.
    package func folder(_ text: String, _ content: ModelContent = .model) throws -> URL {
        switch ModelName(text) {
        case .folder(let folder): folder
        case .hub(let reference):
            try naming(text) { try snapshot(reference, content).folder }
        }
    }

    /// Runs `body`, which finds the repository of a name that may be a mistyped path.
    ///
    /// - Throws: `HubError.noFolder` if the repository is not found and the path begins with a
    ///   folder, or resembles one; other errors of `body`.
    package func naming<Value>(_ text: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as HubError {
            let similar = SimilarFolders.of(text)
            switch error {
            case .repositoryMissing, .notCached, .unavailable:
                guard !similar.isEmpty || SimilarFolders.isBegun(text) else { throw error }
                throw HubError.noFolder(path: text, similar: similar, error)
            default: throw error
            }
        }
    }

    /// The snapshot of a repository, from the cache if it is complete there.
    ///
    /// - Throws: `HubError`.
    package func snapshot(
        _ repository: HubReference, _ content: ModelContent = .model
    ) throws -> HubSnapshot {
        guard let found = try cache.snapshot(repository) else {
            guard !isOffline else { throw try notCached(repository) }
            return try download(repository, content)
        }
        let missing = try cache.missing(content, in: found)
        if missing.isEmpty {
            noteUnknownContract(of: found, content)
            return found
        }
        guard !isOffline else {
            throw HubError.incomplete(
                name: repository.text, folder: found.folder.path, missing: missing)
        }
        return try download(repository, content, commit: found.commit)
    }

    /// Whether a model is complete in the cache.
    ///
    /// - Throws: `HubError.unreadableCache`.
    package func isCached(
        _ repository: HubReference, _ content: ModelContent = .model
    ) throws -> Bool {
        guard let found = try cache.snapshot(repository) else { return false }
        return try cache.missing(content, in: found).isEmpty
    }

    /// Asks the Hub for the newest commit of the revision, and fetches what the cache lacks.
    ///
    /// - Throws: `HubError`; `.needsRequests` if requests are forbidden.
    package func update(
        _ repository: HubReference, _ content: ModelContent = .model
    ) throws -> HubSnapshot {
        guard !isOffline else { throw HubError.needsRequests(name: repository.text) }
        return try download(repository, content)
    }

    /// What a download would need; fetches nothing but the listing.
    ///
    /// - Throws: `HubError`.
    package func needs(
        _ repository: HubReference, _ content: ModelContent = .model
    ) throws -> DownloadNeeds {
        guard !isOffline else { throw try notCached(repository) }
        let download = try snapshotDownload(repository, content)
        let files = try download.neededFiles()
        return DownloadNeeds(
            name: repository.name, commit: download.listing.commit,
            files: files.map { DownloadNeeds.File(path: $0.path, bytes: $0.size) },
            bytes: files.reduce(0) { $0 + ($1.size ?? 0) },
            missingBytes: download.missingBytes(files))
    }

    /// The error for a revision that the cache lacks.
    private func notCached(_ repository: HubReference) throws -> HubError {
        let revisions = try cache.revisions(of: repository)
        return revisions.isEmpty
            ? .notCached(name: repository.text, cache: cache.root.path)
            : .otherRevisions(name: repository.text, revisions: revisions)
    }

    private func download(
        _ repository: HubReference, _ content: ModelContent, commit: String? = nil
    ) throws -> HubSnapshot {
        try snapshotDownload(repository, content, commit: commit).run()
    }

    /// Requests the listing of a commit, or of the revision if there is none. The download writes
    /// the ref of the revision in either case.
    private func snapshotDownload(
        _ repository: HubReference, _ content: ModelContent, commit: String? = nil
    ) throws -> SnapshotDownload {
        let listed = commit.map(repository.at) ?? repository
        return SnapshotDownload(
            repository: repository, content: content,
            listing: try HubListing(listed, access, context), cache: cache, access: access,
            context: context)
    }

    /// A snapshot that another program made file by file may lack a file that decides how vectors
    /// are computed, without saying so.
    private func noteUnknownContract(of snapshot: HubSnapshot, _ content: ModelContent) {
        let deciding = ["moca.json", "modules.json"]
        let listing = cache.listing(of: snapshot)
        let states = deciding.map {
            cache.presence(of: $0, in: snapshot, listing: listing)
        }
        guard content == .model, !states.contains(.here), states.contains(.missing) else { return }
        context.progress.note(
            "\(snapshot.name): the cache does not tell whether the repository has moca.json or "
                + "modules.json, which decide pooling and prompts; an update of \(snapshot.text) "
                + "completes it")
    }
}
