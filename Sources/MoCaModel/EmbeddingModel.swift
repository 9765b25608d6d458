// A backbone, pooled into one vector a sequence. From pooling on everything is float32.
// Shapes: N sequences, T packed tokens, W width.

package import MoCaCore
import NN
package import Torch

/// How hidden states become embeddings.
package struct PoolingSettings: Sendable, Hashable {
    package var attention: AttentionMode = .bidirectional
    package var pooling: PoolingMode = .mean
    package var isNormalized = true
    /// Keeps the first numbers of each vector (Matryoshka, arXiv 2205.13147); nil keeps all.
    package var dimensions: Int?

    package init(
        attention: AttentionMode = .bidirectional, pooling: PoolingMode = .mean,
        isNormalized: Bool = true, dimensions: Int? = nil
    ) {
        (self.attention, self.pooling) = (attention, pooling)
        (self.isNormalized, self.dimensions) = (isNormalized, dimensions)
    }
}

/// Packed sequences to embeddings.
package struct EmbeddingModel: Sendable {
    package let backbone: Qwen25VL
    package let settings: PoolingSettings

    package init(_ backbone: Qwen25VL, _ settings: PoolingSettings) {
        (self.backbone, self.settings) = (backbone, settings)
    }

    /// The length of an embedding.
    package var vectorLength: Int {
        settings.dimensions ?? backbone.configuration.text.hiddenSize
    }

    /// Embeddings float32 `[N, dimensions]`.
    package func callAsFunction(_ input: EncoderInput, observe: StateObserver? = nil) -> Tensor {
        let hidden = backbone(input, attention: settings.attention, observe: observe).hidden
        var vectors = pool(hidden.to(.float32), input.sequenceStarts)
        if let dimensions = settings.dimensions {
            vectors = vectors.narrowed(1, 0..<dimensions)
        }
        return settings.isNormalized ? Self.normalize(vectors) : vectors
    }

    /// Hidden states `[T, W]` to `[N, W]`.
    private func pool(_ hidden: Tensor, _ starts: [Int]) -> Tensor {
        let device = hidden.device
        switch settings.pooling {
        case .last:
            return hidden.indexed(0, by: Tensor(starts.dropFirst().map { $0 - 1 }, on: device))
        case .mean:
            let lengths = zip(starts, starts.dropFirst()).map { $1 - $0 }
            let sequence = lengths.enumerated().flatMap { number, length in
                [Int](repeating: number, count: length)
            }
            let sums = Tensor.zeros([lengths.count, hidden.sizes2().1], on: device)
                .addingRows(at: Tensor(sequence, on: device), of: hidden)
            let counts = Tensor(
                lengths.map { Float($0) }, shape: [lengths.count, 1], on: device)
            return sums / counts
        }
    }

    /// Vectors `[N, D]` in unit length, as `torch.nn.functional.normalize`.
    package static func normalize(_ vectors: Tensor) -> Tensor {
        vectors / vectors.norm(1, keepingAxes: true).clamped(minimum: 1e-12)
    }
}
