// The layers that vision towers share.
// Shapes: P patches, G merged groups, W vision width, H heads, D components per head.

import MoCaCore
import NN
import Torch

/// Rotary attention between patches, with one projection to queries, keys and values.
struct PatchAttention: Sendable {
    let qkv: Linear
    let proj: Linear
    let headCount: Int

    init(_ path: ParameterPath, width: Int, headCount: Int, branches: Int) {
        qkv = Linear(path / "qkv", from: width, to: 3 * width)
        proj = Linear(path / "proj", from: width, to: width, branches: branches)
        self.headCount = headCount
    }

    func callAsFunction(
        _ x: Tensor, rotary: RotaryTable, attend: (Tensor, Tensor, Tensor) -> Tensor
    ) -> Tensor {
        let (patches, width) = x.sizes2()
        let parts = qkv(x).reshaped([patches, 3, headCount, width / headCount])
        let q = rotary.rotate(parts.selected(1, 0))  // [P, H, D]
        let k = rotary.rotate(parts.selected(1, 1))
        return proj(attend(q, k, parts.selected(1, 2)))
    }
}

/// A vision block with layer norms: attention within frames, then a feed-forward layer.
struct VisionLayer: Sendable {
    let norm1: LayerNorm
    let norm2: LayerNorm
    let attention: PatchAttention
    let mlp: MLP

    /// The epsilon of the vision towers' norms, which is not in any file.
    static let normEpsilon = 1e-6

    /// Requests the parameters; `names` are those of the two projections below `mlp`.
    init(
        _ path: ParameterPath, width: Int, intermediate: Int, headCount: Int, depth: Int,
        activation: Activation, names: (first: String, second: String)
    ) {
        norm1 = LayerNorm(path / "norm1", width: width, epsilon: Self.normEpsilon)
        norm2 = LayerNorm(path / "norm2", width: width, epsilon: Self.normEpsilon)
        let branches = 2 * depth
        attention = PatchAttention(
            path / "attn", width: width, headCount: headCount, branches: branches)
        mlp = MLP(
            first: path / "mlp" / names.first, second: path / "mlp" / names.second, width: width,
            intermediate: intermediate, output: width, activation: activation, branches: branches)
    }

    func callAsFunction(
        _ x: Tensor, rotary: RotaryTable, frames: AttentionRuns, _ memory: RecomputePolicy
    ) -> Tensor {
        let y =
            x
            + attention(norm1(x), rotary: rotary) { q, k, v in
                frames.attend(q, k, v, isCausal: false)
            }
        return y + memory.feedForward(y) { mlp(norm2($0)) }
    }
}

/// Merges a group of adjacent patches into one image token: a norm over each patch, then two
/// projections of the group.
struct PatchMerger: Sendable {
    let norm: any Norm
    let mlp: MLP
    let mergedWidth: Int

    /// Merges patches `[P, W]` to image tokens `[G, output]`.
    func callAsFunction(_ x: Tensor) -> Tensor {
        mlp(norm(x).reshaped([-1, mergedWidth]))
    }
}
