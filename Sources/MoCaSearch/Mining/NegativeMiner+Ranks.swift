// Mining whose inputs several ranks embed.

package import Foundation
package import MoCaVectors

extension NegativeMiner {
    /// Embeds this rank's share of the queries and positives into the cache, in which `mine` then
    /// finds all vectors on rank 0. The other ranks are finished afterwards.
    ///
    /// The search is left to rank 0: with a model of a billion parameters and texts of a hundred
    /// tokens, it takes about a hundredth of the operations for a million pairs.
    ///
    /// - Parameter images: the root of relative image paths in records.
    /// - Throws: `SearchError`, `DataError`, `VectorError`.
    package func embedShare(
        _ share: RankShare, of folders: [URL], images: URL
    ) async throws {
        let plan = try plan(folders, images: images)
        if share.isFirst { try requireNewFolders(plan) }
        let cache = SharedCache(
            share, in: vectors ?? scratch, of: embedder.conditions(model: model.fingerprint))
        _ = try await cache.fill(isInterrupted: isInterrupted) {
            cachedEmbedder($0)
        } embedAll: { cached in
            for job in plan.jobs where !job.folder.exists {
                _ = try await embed(job, plan, filter(job, plan), &cached)
            }
        }
    }
}
