// The layers of Llama 3.2 Vision that attend to images instead of tokens (arXiv 2407.21783, section
// 7.2).
// Shapes: T packed tokens, M tokens of sequences with images, S and A vectors of images (own and
// absent tiles), W width, H heads, G key/value heads, D components per head.

import MoCaCore
import NN
import Torch

/// The vectors of a batch's images, projected to the width of the text.
struct CrossStates {
    /// Those of images' own tiles `[S, W]`.
    let shown: Tensor
    /// Those of absent tiles `[A, W]`, as far as tokens see them; nil if none does.
    let absent: Tensor?
}

/// The integers of a batch's cross-attention, on the model's device.
struct CrossContext: Sendable {
    let reach: CrossReach
    /// The rows that take part; nil for all.
    let rows: Tensor?
    /// The factors `[M, 1]` of the feed-forward layer; nil if all are 1.
    let factors: Tensor?

    init(_ reach: CrossReach, tokenCount: Int, dtype: DType, device: Device) {
        self.reach = reach
        rows = reach.rows.count == tokenCount ? nil : Tensor(reach.rows, on: device)
        factors =
            reach.hasEarlierTokens
            ? Tensor(reach.feedForwardFactors, shape: [reach.rows.count, 1], on: device).to(dtype)
            : nil
    }
}

/// A layer of cross-attention and a gated feed-forward layer, each scaled by a learned gate.
struct CrossAttentionLayer: Sendable {
    let inputLayernorm: RMSNorm
    let postAttentionLayernorm: RMSNorm
    let qProj: Linear
    let kProj: Linear
    let vProj: Linear
    let oProj: Linear
    let qNorm: RMSNorm
    let kNorm: RMSNorm
    let mlp: GatedMLP
    let attentionGate: Gate
    let mlpGate: Gate
    let shape: DecoderShape

    init(_ shape: DecoderShape, _ path: ParameterPath) {
        let (width, epsilon) = (shape.hiddenSize, shape.rmsNormEpsilon)
        let (attention, branches) = (path / "cross_attn", 2 * shape.layerCount)
        inputLayernorm = RMSNorm(path / "input_layernorm", width: width, epsilon: epsilon)
        postAttentionLayernorm = RMSNorm(
            path / "post_attention_layernorm", width: width, epsilon: epsilon)
        qProj = Linear(
            attention / "q_proj", from: width, to: shape.querySize, hasBias: false)
        kProj = Linear(
            attention / "k_proj", from: width, to: shape.keyValueSize, hasBias: false)
        vProj = Linear(
            attention / "v_proj", from: width, to: shape.keyValueSize, hasBias: false)
        oProj = Linear(
            attention / "o_proj", from: shape.querySize, to: width, hasBias: false,
            branches: branches)
        qNorm = RMSNorm(attention / "q_norm", width: shape.headDimension, epsilon: epsilon)
        kNorm = RMSNorm(attention / "k_norm", width: shape.headDimension, epsilon: epsilon)
        mlp = GatedMLP(
            path / "mlp", width: width, intermediate: shape.intermediateSize, hasBias: false,
            branches: branches)
        attentionGate = Gate(path, "cross_attn_attn_gate")
        mlpGate = Gate(path, "cross_attn_mlp_gate")
        self.shape = shape
    }

    /// Computes the layer on states `[T, W]`; those of sequences without images stay as they are.
    func callAsFunction(
        _ x: Tensor, _ states: CrossStates, _ context: CrossContext, _ memory: RecomputePolicy
    ) -> Tensor {
        let own = context.rows.map { x.indexed(0, by: $0) } ?? x  // [M, W]
        let attended = oProj(attention(inputLayernorm(own), states, context.reach))
        let y = own + attended * attentionGate.factor
        let z =
            y
            + memory.feedForward(y) { y in
                let added = mlp(postAttentionLayernorm(y)) * mlpGate.factor
                return context.factors.map { added * $0 } ?? added
            }
        return context.rows.map { x.replacingRows(at: $0, with: z) } ?? z
    }

    /// Attention `[M, H * D]` of normed rows `[M, W]`.
    private func attention(
        _ x: Tensor, _ states: CrossStates, _ reach: CrossReach
    ) -> Tensor {
        let queries = qNorm(heads(qProj(x), shape.headCount))  // [M, H, D]
        let shown = keysAndValues(states.shown)
        let absent = states.absent.map { keysAndValues($0) }
        let scale = 1 / Double(shape.headDimension).squareRoot()
        let parts = reach.segments.map { segment in
            var keys = shown.keys.narrowed(0, segment.shown)
            var values = shown.values.narrowed(0, segment.shown)
            if let absent, !segment.absent.isEmpty {
                keys = .concatenated([keys, absent.keys.narrowed(0, segment.absent)])
                values = .concatenated([values, absent.values.narrowed(0, segment.absent)])
            }
            return batch(queries.narrowed(0, segment.rows))
                .attention(
                    keys: batch(keys), values: batch(values), isCausal: false, scale: scale
                )
                .transposed(1, 2)  // [1, rows, H, D]
                .reshaped([segment.rows.count, shape.querySize])
        }
        return parts.count == 1 ? parts[0] : .concatenated(parts)
    }

    /// The keys and values `[vectors, G, D]` of images.
    private func keysAndValues(_ states: Tensor) -> (keys: Tensor, values: Tensor) {
        (
            kNorm(heads(kProj(states), shape.keyValueHeadCount)),
            heads(vProj(states), shape.keyValueHeadCount)
        )
    }

    private func heads(_ x: Tensor, _ count: Int) -> Tensor {
        x.reshaped([-1, count, shape.headDimension])
    }

    /// The heads `[1, heads, rows, D]` of rows `[rows, heads, D]`.
    private func batch(_ x: Tensor) -> Tensor {
        x.unsqueezed(0).transposed(1, 2)
    }
}
