// A cache of vectors that several ranks fill.

package import Foundation
import MoCaSystem

/// The cache of vectors of one evaluation or mining, which its ranks fill together.
///
/// Each rank goes through the same inputs and embeds its share of the windows: rank 0 into the cache,
/// the others into caches of their own beside it, which rank 0 copies and removes. Afterwards rank 0
/// finds all vectors in the cache, with the bits that one process would have computed.
package struct SharedCache: Sendable {
    /// The name of the folders in which ranks show how they go.
    private static let signsName = "ranks"

    private let share: RankShare
    private let root: URL
    private let conditions: VectorConditions

    /// - Parameters:
    ///   - root: the folder of the cache, which all ranks see.
    ///   - conditions: the conditions under which this rank computes vectors.
    package init(_ share: RankShare, in root: URL, of conditions: VectorConditions) {
        (self.share, self.root) = (share, root)
        var common = conditions
        if let device = share.device { common.device = device }
        self.conditions = common
    }

    /// Embeds this rank's share of the inputs; rank 0 waits for the others, and collects theirs.
    ///
    /// - Parameters:
    ///   - isInterrupted: called while this rank waits for others; if true, the wait ends.
    ///   - makeEmbedder: makes the embedder that fills a store.
    ///   - embedAll: gives all inputs to the embedder, in the same order on all ranks. Rows that it
    ///     returns must not be used.
    /// - Returns: the number of vectors that were computed on all ranks; nil on other ranks than 0.
    /// - Throws: `VectorError`, errors of the closures.
    package func fill(
        isInterrupted: () -> Bool,
        makeEmbedder: (VectorStore) -> CachedEmbedder,
        embedAll: (inout CachedEmbedder) async throws -> Void
    ) async throws -> Int? {
        let subject = try conditions.fingerprint()
        let signs = share.folders(beside: root.appending(path: Self.signsName))
        let folders = share.folders(beside: root.appending(path: subject))
        return try await share.run(in: signs, subject: subject, isInterrupted: isInterrupted) {
            () async throws -> Int in
            let store = try openStore(folders)
            var embedder = makeEmbedder(store)
            embedder.shard = share.shard
            if !share.isFirst {
                embedder.keptElsewhere = try VectorStore.storedKeys(
                    cachedIn: root, of: conditions)
            }
            try await embedAll(&embedder)
            return embedder.embeddedCount
        } gather: { count in
            let stores = try parts(of: subject)
            let copied = try collect(stores)
            try remove(stores + parts(of: Self.signsName))
            return count + copied
        }
    }

    /// The store of this rank's vectors.
    private func openStore(_ folders: [URL]) throws -> VectorStore {
        if share.isFirst { return try VectorStore(cacheIn: root, of: conditions) }
        return try VectorStore(cacheIn: root, folder: folders[share.rank], of: conditions)
    }

    /// The folders of all ranks that are named after `name`, also those that an earlier run with
    /// another number of ranks has left.
    private func parts(of name: String) throws -> [URL] {
        do {
            return try FolderListing(of: root.path).names
                .filter { WindowShard.isPart(name: $0, of: name) }
                .map { root.appending(path: $0) }
        } catch {
            throw VectorError.cannotKeepVectors(path: root.path, reason: error.fileReason)
        }
    }

    /// Copies the vectors in these folders into the cache.
    ///
    /// - Returns: the number of copied vectors.
    private func collect(_ folders: [URL]) throws -> Int {
        let cache = try VectorStore(cacheIn: root, of: conditions)
        var count = 0
        for folder in folders {
            let part = try VectorStore(cacheIn: root, folder: folder, of: conditions)
            count += try cache.append(rowsOf: part)
        }
        return count
    }

    private func remove(_ folders: [URL]) throws {
        do {
            for folder in folders { try AtomicFolder.remove(folder) }
        } catch {
            throw VectorError.cannotKeepVectors(path: error.path, reason: error.reason)
        }
    }
}
