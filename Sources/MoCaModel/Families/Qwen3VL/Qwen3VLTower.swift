// The vision tower of Qwen3-VL (arXiv 2511.21631, section 2): patches to image tokens, and features
// of some blocks for the first decoder layers (DeepStack, arXiv 2406.04334).
// Shapes: P patches, G merged groups, W vision width, U patches of a group.

import MoCaCore
import NN
import Torch

/// The vision tower, which maps `pixel_values` to image tokens and deep features.
struct Qwen3VLTower: GridTower {
    /// The patch projection `[W, channels, frames, side, side]`.
    let patchWeight: Tensor
    let patchBias: Tensor
    let posEmbed: PositionTable
    let blocks: [VisionLayer]
    let merger: PatchMerger
    let deepStackMergers: [DeepStackMerger]
    let vision: Qwen3VLConfiguration.Vision

    init(_ vision: Qwen3VLConfiguration.Vision, _ patch: PatchShape, _ path: ParameterPath) {
        let width = vision.hiddenSize
        let projection = path / "patch_embed" / "proj"
        patchWeight = projection.parameter(
            "weight", [width, patch.channelCount, patch.frameCount, patch.size, patch.size],
            .linear(fanIn: patch.valueCount))
        patchBias = projection.parameter("bias", [width], .bias)
        posEmbed = PositionTable(path / "pos_embed", side: vision.positionSide, width: width)
        blocks = (0..<vision.depth).map { index in
            VisionLayer(
                path / "blocks" / index, width: width, intermediate: vision.intermediateSize,
                headCount: vision.headCount, depth: vision.depth, activation: .geluTanh,
                names: ("linear_fc1", "linear_fc2"))
        }
        merger = PatchMerger(
            norm: LayerNorm(
                path / "merger" / "norm", width: width, epsilon: VisionLayer.normEpsilon),
            mlp: Self.mergerMLP(path / "merger", vision, patch),
            mergedWidth: width * patch.mergeUnit)
        deepStackMergers = vision.deepStackIndexes.indices.map { index in
            let own = path / "deepstack_merger_list" / index
            return DeepStackMerger(
                norm: LayerNorm(
                    own / "norm", width: width * patch.mergeUnit,
                    epsilon: VisionLayer.normEpsilon),
                mlp: Self.mergerMLP(own, vision, patch), mergedWidth: width * patch.mergeUnit)
        }
        self.vision = vision
    }

    private static func mergerMLP(
        _ path: ParameterPath, _ vision: Qwen3VLConfiguration.Vision, _ patch: PatchShape
    ) -> MLP {
        let merged = vision.hiddenSize * patch.mergeUnit
        return MLP(
            first: path / "linear_fc1", second: path / "linear_fc2", width: merged,
            intermediate: merged, output: vision.outHiddenSize, activation: .gelu)
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
        let weight = patchWeight.reshaped([vision.hiddenSize, -1])
        let patches = pixelValues.to(weight.dtype).linear(weight, patchBias)  // [P, W]
        var x = patches + posEmbed(layout, grids).to(patches.dtype)
        observe?("vision.patch_embed", x)
        var deep: [Tensor] = []
        for (index, block) in blocks.enumerated() {
            x = memory.layer(x) { block($0, rotary: rotary, frames: frames, memory) }
            observe?("vision.block.\(index)", x)
            if let level = vision.deepStackIndexes.firstIndex(of: index) {
                deep.append(deepStackMergers[level](x))
                observe?("vision.deep.\(level)", deep[level])
            }
        }
        let tokens = merger(x)  // [G, outHiddenSize]
        observe?("vision.out", tokens)
        return ImageFeatures(tokens: tokens, deep: deep)
    }
}

/// Merges a group of adjacent patches into one deep feature: a norm over the whole group, then two
/// projections.
struct DeepStackMerger: Sendable {
    let norm: LayerNorm
    let mlp: MLP
    let mergedWidth: Int

    /// Merges patches `[P, W]` to features `[G, output]`.
    func callAsFunction(_ x: Tensor) -> Tensor {
        mlp(norm(x.reshaped([-1, mergedWidth])))
    }
}
