// The vision tower of Qwen2-VL (arXiv 2409.12191, section 2.1): patches to image tokens. Every
// block attends within whole frames.
// Shapes: P patches, G merged groups, W vision width.

import MoCaCore
import NN
import Torch

/// The vision tower, which maps `pixel_values` to image tokens.
struct Qwen2VLTower: GridTower {
    /// The patch projection `[W, channels, frames, side, side]`, without bias.
    let patchWeight: Tensor
    let blocks: [VisionLayer]
    let merger: PatchMerger
    let vision: Qwen2VLConfiguration.Vision

    init(_ vision: Qwen2VLConfiguration.Vision, _ patch: PatchShape, _ path: ParameterPath) {
        let shape = [vision.width, patch.channelCount, patch.frameCount, patch.size, patch.size]
        patchWeight = (path / "patch_embed" / "proj").parameter(
            "weight", shape, .linear(fanIn: patch.valueCount))
        blocks = (0..<vision.depth).map { index in
            VisionLayer(
                path / "blocks" / index, width: vision.width,
                intermediate: vision.intermediateSize, headCount: vision.headCount,
                depth: vision.depth, activation: .quickGelu, names: ("fc1", "fc2"))
        }
        let merged = vision.width * patch.mergeUnit
        merger = PatchMerger(
            norm: LayerNorm(
                path / "merger" / "ln_q", width: vision.width, epsilon: VisionLayer.normEpsilon),
            mlp: MLP(
                first: path / "merger" / "mlp" / 0, second: path / "merger" / "mlp" / 2,
                width: merged, intermediate: merged, output: vision.outputWidth,
                activation: .gelu),
            mergedWidth: merged)
        self.vision = vision
    }

    func features(
        _ pixelValues: Tensor, _ grids: [ImageGrid], _ memory: RecomputePolicy,
        observe: StateObserver?
    ) -> ImageFeatures {
        let layout = FrameLayout(grids, mergeSize: vision.spatialMergeSize)
        let frames = AttentionRuns(starts: layout.starts)
        let rotary = RotaryTable.vision(
            rows: layout.rows, columns: layout.columns, headDimension: vision.headDimension,
            device: pixelValues.device)
        let weight = patchWeight.reshaped([vision.width, -1])
        var x = pixelValues.to(weight.dtype).linear(weight, nil)  // [P, W]
        observe?("vision.patch_embed", x)
        for (index, block) in blocks.enumerated() {
            x = memory.layer(x) { block($0, rotary: rotary, frames: frames, memory) }
            observe?("vision.block.\(index)", x)
        }
        let tokens = merger(x)  // [G, outputWidth]
        observe?("vision.out", tokens)
        return ImageFeatures(tokens: tokens)
    }
}
