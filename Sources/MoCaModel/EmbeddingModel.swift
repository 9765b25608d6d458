// A backbone, pooled into one vector per sequence, or projected to one vector per token. Pooling
// and everything after it is float32.
// Shapes: N sequences, T packed tokens, W width, D components of a vector.

package import MoCaCore
import NN
package import Torch

/// The settings that turn hidden states into embeddings.
package struct PoolingSettings: Sendable, Hashable {
    package var attention: AttentionMode = .bidirectional
    package var pooling: PoolingMode = .mean
    package var isNormalized = true
    /// The number of leading components to keep (Matryoshka, arXiv 2205.13147); nil keeps all.
    package var dimensions: Int?

    package init(
        attention: AttentionMode = .bidirectional, pooling: PoolingMode = .mean,
        isNormalized: Bool = true, dimensions: Int? = nil
    ) {
        (self.attention, self.pooling) = (attention, pooling)
        (self.isNormalized, self.dimensions) = (isNormalized, dimensions)
    }
}

/// How hidden states become the vectors of an embedding.
package enum EmbeddingHead: Sendable {
    /// One vector for each sequence.
    case pooled
    /// One vector for each token (late interaction).
    case multiVector(TokenProjection)
}

/// A model that maps packed sequences to embeddings.
package struct EmbeddingModel: Sendable {
    package let backbone: any Backbone
    package let settings: PoolingSettings
    package let head: EmbeddingHead

    package init(
        _ backbone: any Backbone, _ settings: PoolingSettings, head: EmbeddingHead = .pooled
    ) {
        self.backbone = backbone
        self.settings = settings
        self.head = head
    }

    /// The number of components of a vector.
    package var vectorLength: Int {
        if let dimensions = settings.dimensions { return dimensions }
        switch head {
        case .pooled: return backbone.configuration.vectorLength
        case .multiVector(let projection): return projection.length
        }
    }

    /// Whether a sequence has one vector for each of its tokens.
    package var isMultiVector: Bool {
        if case .multiVector = head { true } else { false }
    }

    /// Computes the embeddings, float32: `[N, D]`, or `[T, D]` for a vector per token.
    package func callAsFunction(_ input: EncoderInput, observe: StateObserver? = nil) -> Tensor {
        let vectors: Tensor
        switch head {
        case .pooled:
            vectors = pool(states(input, observe: observe), input.sequenceStarts)
        case .multiVector(let projection):
            vectors = shortened(projection(hidden(input, observe: observe)))
        }
        return settings.isNormalized ? Self.normalize(vectors) : vectors
    }

    /// The rows of each sequence's vectors in the result for `input`.
    package func rows(of input: EncoderInput) -> [Range<Int>] {
        (0..<input.sequenceCount).map { isMultiVector ? input.tokens(of: $0) : $0..<$0 + 1 }
    }

    private func hidden(_ input: EncoderInput, observe: StateObserver?) -> Tensor {
        backbone(input, attention: settings.attention, observe: observe).hidden
    }

    private func shortened(_ vectors: Tensor) -> Tensor {
        settings.dimensions.map { vectors.narrowed(1, 0..<$0) } ?? vectors
    }

    /// Hidden states, float32 `[T, dimensions]`, whose mean over a sequence is its pooled vector.
    private func states(_ input: EncoderInput, observe: StateObserver? = nil) -> Tensor {
        shortened(hidden(input, observe: observe).to(.float32))
    }

    /// Computes what each token of two sequences contributes to the cosine of their embeddings.
    ///
    /// With mean pooling the cosine is a sum over the tokens t of either sequence: `<h_t, d> / (T
    /// |m|)`, with `m` the mean of the T states `h_t` and `d` the other sequence's vector of unit
    /// length. The decomposition is exact.
    ///
    /// - Parameter input: two sequences.
    /// - Returns: float32 `[T]` over the tokens of both; nil if pooling is not the mean.
    package func contributions(_ input: EncoderInput) -> Tensor? {
        guard settings.pooling == .mean, !isMultiVector else { return nil }
        precondition(input.sequenceCount == 2, "two sequences are compared")
        let states = states(input)
        let means = pool(states, input.sequenceStarts)
        let units = Self.normalize(means)
        let parts = (0..<2).map { number in
            let range = input.sequenceStarts[number]..<input.sequenceStarts[number + 1]
            let other = units.narrowed(0, 1 - number..<2 - number).transposed(0, 1)  // [D, 1]
            let norm = means.narrowed(0, number..<number + 1).norm(1, keepingAxes: true)
                .clamped(minimum: 1e-12)
            return states.narrowed(0, range).matmul(other) / (norm * Double(range.count))
        }
        return Tensor.concatenated(parts).squeezed(1)  // [T]
    }

    /// Pools hidden states `[T, D]` to `[N, D]`.
    private func pool(_ hidden: Tensor, _ starts: [Int]) -> Tensor {
        let device = hidden.device
        switch settings.pooling {
        case .cls:
            return hidden.indexed(0, by: Tensor(Array(starts.dropLast()), on: device))
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

    /// Normalises vectors `[N, D]` to unit length, as `torch.nn.functional.normalize`.
    package static func normalize(_ vectors: Tensor) -> Tensor {
        vectors / vectors.norm(1, keepingAxes: true).clamped(minimum: 1e-12)
    }
}
