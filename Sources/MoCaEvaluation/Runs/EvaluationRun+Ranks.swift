// An evaluation whose inputs several ranks embed.

import Foundation
import MoCaEmbedding
package import MoCaVectors

extension EvaluationRun {
    /// Embeds this rank's share of the inputs of a benchmark into the cache, in which `scores(of:)`
    /// then finds all vectors on rank 0, with the bits that one process would have computed. The
    /// other ranks are finished afterwards.
    ///
    /// Vectors that a rank has computed are found again when all ranks are started again.
    ///
    /// - Returns: the number of inputs that all ranks embedded; nil on other ranks than 0.
    /// - Throws: `DataError`, `VectorError`, `EvaluationError`.
    package func embedShare(
        _ share: RankShare, of benchmark: Benchmark
    ) async throws -> Int? {
        if queryInstruction != nil { try embedder.requireInstruction() }
        let folders = try benchmark.sets(in: data, subsets: subsets)
        // An evaluation that is not complete has no scores.
        if share.isFirst {
            try Scores.removeFiles(of: folders.map(\.lastPathComponent), in: output)
        }
        let cache = SharedCache(share, in: cacheFolder, of: embedder.conditions(model: model))
        return try await cache.fill(isInterrupted: isInterrupted) {
            cachedEmbedder($0)
        } embedAll: { embedder in
            for folder in folders {
                if let documents = benchmark.documents {
                    _ = try await embedRetrieval(folder, documents, with: &embedder)
                } else {
                    _ = try await embedMMEB(folder, with: &embedder)
                }
            }
        }
    }
}
