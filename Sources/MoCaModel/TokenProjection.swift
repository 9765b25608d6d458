// The head of late-interaction embedders (ColBERT, arXiv 2004.12832; ColPali, arXiv 2407.01449): a
// projection of every token's state.
// Shapes: T packed tokens, W width, D components of a vector.

package import Foundation
import NN
import Safetensors
import Torch

/// A projection of hidden states `[T, W]` to one vector `[D]` for each token.
package struct TokenProjection: Sendable {
    let linear: Linear

    /// The number of components of a vector, D.
    let length: Int

    /// The canonical name of the projection.
    static let name = "custom_text_proj"

    /// Requests weight and bias from the root of a store.
    init(_ root: ParameterPath, from width: Int, to length: Int) {
        linear = Linear(root / Self.name, from: width, to: length)
        self.length = length
    }

    /// Computes vectors, float32 `[T, D]`, of hidden states in the type of the weights.
    func callAsFunction(_ hidden: Tensor) -> Tensor {
        linear(hidden).to(.float32)
    }

    /// The number of components of the vectors of a checkpoint; nil if it has no projection.
    ///
    /// - Throws: `SafetensorsError`.
    static func length(in checkpoint: SafetensorsCheckpoint) throws -> Int? {
        let key = "\(name).weight"
        let stored = checkpoint.names.first { CheckpointKeys.canonical($0) == key }
        return try stored.flatMap { try checkpoint.entry($0).shape.first }
    }

    /// The number of components of the vectors of a model's folder; nil if it has no projection.
    ///
    /// - Throws: `SafetensorsError`.
    package static func length(in folder: URL) throws -> Int? {
        try length(in: SafetensorsCheckpoint(opening: folder))
    }
}
