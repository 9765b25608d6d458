// The projections of hidden states to queries, keys and values.
// Shapes: T packed tokens, W width, H heads, G key/value heads, D components per head.

import NN
import Torch

/// Three projections, or one whose output is cut into three parts (Phi-3).
enum AttentionInputs: Sendable {
    case separate(q: Linear, k: Linear, v: Linear)
    case fused(Linear, querySize: Int, keyValueSize: Int)

    /// Requests `q_proj`, `k_proj` and `v_proj`, or `qkv_proj`.
    init(_ shape: DecoderShape, _ path: ParameterPath) {
        func projection(_ name: String, to size: Int) -> Linear {
            Linear(
                path / name, from: shape.hiddenSize, to: size, hasBias: shape.hasAttentionBias)
        }
        let (queries, keys) = (shape.querySize, shape.keyValueSize)
        self =
            shape.hasFusedProjections
            ? .fused(
                projection("qkv_proj", to: queries + 2 * keys), querySize: queries,
                keyValueSize: keys)
            : .separate(
                q: projection("q_proj", to: queries), k: projection("k_proj", to: keys),
                v: projection("v_proj", to: keys))
    }

    /// Computes queries `[T, H * D]`, and keys and values `[T, G * D]`, of states `[T, W]`.
    func callAsFunction(_ x: Tensor) -> (queries: Tensor, keys: Tensor, values: Tensor) {
        switch self {
        case .separate(let q, let k, let v): return (q(x), k(x), v(x))
        case .fused(let linear, let queries, let keys):
            let all = linear(x)
            return (
                all.narrowed(1, 0..<queries), all.narrowed(1, queries..<queries + keys),
                all.narrowed(1, queries + keys..<queries + 2 * keys)
            )
        }
    }
}
