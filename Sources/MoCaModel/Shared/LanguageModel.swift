// A decoder language model whose attention mode is a setting.
// Shapes: T packed tokens, W width, H heads, G key/value heads, D components per head.

import MoCaCore
import NN
import Torch

/// The rotary tables and attention runs of a packed batch.
package struct SequenceContext: Sendable {
    let rotary: RotaryTable
    let runs: AttentionRuns
    let isCausal: Bool
}

/// A decoder layer: attention, then a gated feed-forward layer, each after a norm.
package struct DecoderLayer: Sendable {
    let inputLayernorm: RMSNorm
    let postAttentionLayernorm: RMSNorm
    let inputs: AttentionInputs
    let oProj: Linear
    /// The norms of queries and keys `[D]`; nil if the model has none.
    let qNorm: RMSNorm?
    let kNorm: RMSNorm?
    let mlp: GatedMLP
    let shape: DecoderShape

    init(_ shape: DecoderShape, _ path: ParameterPath) {
        let (width, epsilon) = (shape.hiddenSize, shape.rmsNormEpsilon)
        let attention = path / "self_attn"
        inputLayernorm = RMSNorm(path / "input_layernorm", width: width, epsilon: epsilon)
        postAttentionLayernorm = RMSNorm(
            path / "post_attention_layernorm", width: width, epsilon: epsilon)
        func headNorm(_ name: String) -> RMSNorm? {
            guard shape.hasQueryKeyNorm else { return nil }
            return RMSNorm(attention / name, width: shape.headDimension, epsilon: epsilon)
        }
        inputs = AttentionInputs(shape, attention)
        let branches = 2 * shape.layerCount
        oProj = Linear(
            attention / "o_proj", from: shape.querySize, to: width, hasBias: false,
            branches: branches)
        qNorm = headNorm("q_norm")
        kNorm = headNorm("k_norm")
        mlp = GatedMLP(
            path / "mlp", width: width, intermediate: shape.intermediateSize, hasBias: false,
            isFused: shape.hasFusedProjections, branches: branches)
        self.shape = shape
    }

    func callAsFunction(
        _ x: Tensor, _ context: SequenceContext, _ memory: RecomputePolicy
    ) -> Tensor {
        let normed = inputLayernorm(x)
        let projected = inputs(normed)
        let queries = heads(projected.queries, shape.headCount)  // [T, H, D]
        let keys = heads(projected.keys, shape.keyValueHeadCount)  // [T, G, D]
        let values = heads(projected.values, shape.keyValueHeadCount)
        let q = context.rotary.rotate(qNorm?(queries) ?? queries)
        let k = context.rotary.rotate(kNorm?(keys) ?? keys)
        let attended = context.runs.attend(q, k, values, isCausal: context.isCausal)  // [T, H * D]
        let y = x + oProj(attended)
        return y + memory.feedForward(y) { mlp(postAttentionLayernorm($0)) }
    }

    private func heads(_ x: Tensor, _ count: Int) -> Tensor {
        x.reshaped([-1, count, shape.headDimension])
    }
}

/// The language model, which maps token vectors to hidden states.
struct LanguageModel: Sendable {
    let embedTokens: TokenEmbedding
    let layers: [DecoderLayer]
    let norm: RMSNorm

    init(_ shape: DecoderShape, _ path: ParameterPath) {
        embedTokens = TokenEmbedding(
            path / "embed_tokens", rows: shape.vocabularySize, width: shape.hiddenSize)
        layers = (0..<shape.layerCount).map { DecoderLayer(shape, path / "layers" / $0) }
        norm = RMSNorm(path / "norm", width: shape.hiddenSize, epsilon: shape.rmsNormEpsilon)
    }

    /// Computes the last hidden states `[T, W]`, after the final norm, of token vectors `[T, W]`.
    ///
    /// - Parameter deepFeatures: features of images `[rows, W]` that are added to the rows at
    ///   `imageRows` after each of the first layers (DeepStack, arXiv 2406.04334).
    func callAsFunction(
        _ embedded: Tensor, _ context: SequenceContext, _ memory: RecomputePolicy,
        deepFeatures: [Tensor] = [], at imageRows: Tensor? = nil, observe: StateObserver?
    ) -> Tensor {
        var x = embedded
        observe?("text.input", x)
        for (index, layer) in layers.enumerated() {
            x = memory.layer(x) { layer($0, context, memory) }
            if let imageRows, deepFeatures.indices.contains(index) {
                x = x.addingRows(at: imageRows, of: deepFeatures[index].to(x.dtype))
            }
            observe?("text.layer.\(index)", x)
        }
        let final = norm(x)
        observe?("text.final", final)
        return final
    }
}
