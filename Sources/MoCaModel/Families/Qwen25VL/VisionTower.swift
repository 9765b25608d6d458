// The vision tower of Qwen2.5-VL (arXiv 2502.13923, section 2.1): patches to image tokens. Most
// blocks attend within windows, a few within the whole frame.
// Shapes: P patches, G merged groups, W vision width, H heads, D components per head.

import MoCaCore
import NN
import Torch

/// A vision block: windowed or full attention, then a gated feed-forward layer.
struct VisionBlock: Sendable {
    let norm1: RMSNorm
    let norm2: RMSNorm
    let attention: PatchAttention
    let mlp: GatedMLP

    init(_ vision: Qwen25VLConfiguration.Vision, _ path: ParameterPath) {
        let width = vision.hiddenSize
        let epsilon = Qwen25VLConfiguration.visionNormEpsilon
        norm1 = RMSNorm(path / "norm1", width: width, epsilon: epsilon)
        norm2 = RMSNorm(path / "norm2", width: width, epsilon: epsilon)
        let branches = 2 * vision.depth
        attention = PatchAttention(
            path / "attn", width: width, headCount: vision.headCount, branches: branches)
        mlp = GatedMLP(
            path / "mlp", width: width, intermediate: vision.intermediateSize, hasBias: true,
            branches: branches)
    }

    func callAsFunction(
        _ x: Tensor, rotary: RotaryTable, _ memory: RecomputePolicy,
        attend: (Tensor, Tensor, Tensor) -> Tensor
    ) -> Tensor {
        let y = x + attention(norm1(x), rotary: rotary, attend: attend)
        return y + memory.feedForward(y) { mlp(norm2($0)) }
    }
}

/// The vision tower, which maps `pixel_values` to image tokens.
struct VisionTower: Sendable {
    /// The patch projection `[W, channels, frames, side, side]`, without bias.
    let patchWeight: Tensor
    let blocks: [VisionBlock]
    let merger: PatchMerger
    let configuration: Qwen25VLConfiguration.Vision
    let windows: VisionWindows

    init(_ vision: Qwen25VLConfiguration.Vision, _ path: ParameterPath) {
        let side = vision.patchSize
        let shape = [vision.hiddenSize, vision.inChannels, vision.temporalPatchSize, side, side]
        patchWeight = (path / "patch_embed" / "proj").parameter(
            "weight", shape, .linear(fanIn: vision.patchValueCount))
        blocks = (0..<vision.depth).map { VisionBlock(vision, path / "blocks" / $0) }
        merger = Self.merger(vision, path / "merger")
        configuration = vision
        windows = VisionWindows(vision)
    }

    /// Computes image tokens `[G, outHiddenSize]`, in the order of `pixel_values` `[P, values]`.
    /// The grids are those of a checked `EncoderInput`.
    func callAsFunction(
        _ pixelValues: Tensor, _ plan: VisionPlan, _ memory: RecomputePolicy,
        observe: StateObserver?
    ) -> Tensor {
        let weight = patchWeight.reshaped([configuration.hiddenSize, -1])
        var x = pixelValues.to(weight.dtype).indexed(0, by: plan.patchOrder).linear(weight, nil)
        observe?("vision.patch_embed", x.indexed(0, by: plan.patchPlace))
        let rotary = RotaryTable.vision(
            rows: plan.rows, columns: plan.columns, headDimension: configuration.headDimension,
            device: x.device)
        for (index, block) in blocks.enumerated() {
            let isFull = configuration.fullAttentionBlockIndexes.contains(index)
            let attend = isFull ? fullAttention(plan) : windowAttention(plan)
            x = memory.layer(x) { block($0, rotary: rotary, memory, attend: attend) }
            observe?("vision.block.\(index)", x.indexed(0, by: plan.patchPlace))
        }
        let tokens = merger(x).indexed(0, by: plan.groupPlace)  // [G, outHiddenSize]
        observe?("vision.out", tokens)
        return tokens
    }

    private static func merger(
        _ vision: Qwen25VLConfiguration.Vision, _ path: ParameterPath
    ) -> PatchMerger {
        let merged = vision.hiddenSize * vision.mergeUnit
        let norm = RMSNorm(
            path / "ln_q", width: vision.hiddenSize,
            epsilon: Qwen25VLConfiguration.visionNormEpsilon)
        let mlp = MLP(
            first: path / "mlp" / 0, second: path / "mlp" / 2, width: merged,
            intermediate: merged, output: vision.outHiddenSize, activation: .gelu)
        return PatchMerger(norm: norm, mlp: mlp, mergedWidth: merged)
    }

    private func windowAttention(_ plan: VisionPlan) -> (Tensor, Tensor, Tensor) -> Tensor {
        { q, k, v in plan.windows.attend(q, k, v, isCausal: false) }
    }

    private func fullAttention(_ plan: VisionPlan) -> (Tensor, Tensor, Tensor) -> Tensor {
        guard !plan.keepsFrames else {
            return { q, k, v in plan.frames.attend(q, k, v, isCausal: false) }
        }
        return { q, k, v in
            let ordered = [q, k, v].map { $0.indexed(0, by: plan.patchPlace) }
            return plan.frames.attend(ordered[0], ordered[1], ordered[2], isCausal: false)
                .indexed(0, by: plan.patchOrder)
        }
    }
}

extension VisionTower: GridTower {
    func features(
        _ pixelValues: Tensor, _ grids: [ImageGrid], _ memory: RecomputePolicy,
        observe: StateObserver?
    ) -> ImageFeatures {
        let plan = VisionPlan(
            windows.layout(ofChecked: grids), mergeUnit: configuration.mergeUnit,
            device: pixelValues.device)
        return ImageFeatures(tokens: self(pixelValues, plan, memory, observe: observe))
    }
}
