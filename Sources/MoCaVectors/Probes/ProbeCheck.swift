// Compares the vectors of a contract's probes with those of this build.

import MoCaCore
package import MoCaEmbedding
package import MoCaModel
import Torch

/// The result of a comparison.
package struct ProbeCheck: Sendable, Encodable {
    /// The number of probes.
    package let probes: Int
    /// The number of probes with a difference over their tolerance.
    package private(set) var differing = 0
    /// The largest difference of a component.
    package private(set) var largestDifference: Float = 0
    /// The type of the weights.
    package let dtype: String

    private enum CodingKeys: String, CodingKey {
        case probes, differing, dtype
        case largestDifference = "largest_difference"
    }

    /// Embeds probes, and compares the vectors with the stored ones.
    ///
    /// - Parameter file: the path of the contract, for errors.
    /// - Throws: `DataError`, `EmbeddingError`.
    package init(
        _ probes: [EmbeddingContract.Probe], embedder: Embedder, file: String
    ) async throws {
        self.probes = probes.count
        dtype = embedder.dtype.rawValue
        for (number, probe) in probes.enumerated() {
            let content = try Content(probe, name: "\(file), probe \(number)")
            let vector = try await embedder.embed([content], as: probe.role)[0].values
            let difference = zip(vector, probe.vector).map { abs($0 - $1) }.max() ?? .infinity
            largestDifference = max(largestDifference, difference)
            let tolerance =
                probe.tolerance[dtype] ?? EmbeddingContract.Probe.defaultTolerance[dtype] ?? 0
            if !(difference <= tolerance) { differing += 1 }
        }
    }
}
