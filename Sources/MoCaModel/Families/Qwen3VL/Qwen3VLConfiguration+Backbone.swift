// Qwen3-VL (arXiv 2511.21631) as a family: its names, its sizes, and its modules.

package import MoCaCore
package import NN

extension Qwen3VLConfiguration: GridConfiguration {
    package static let familyName = "Qwen3-VL"
    package static let modelType = "qwen3_vl"
    package static let architectures = ["Qwen3VLForConditionalGeneration", "Qwen3VLModel"]
    package static let keyRules = KeyRules.nestedImageTokens

    package var patch: PatchShape {
        PatchShape(
            channelCount: vision.inChannels, size: vision.patchSize,
            frameCount: vision.temporalPatchSize, mergeSize: vision.spatialMergeSize)
    }

    /// The sizes of vision blocks, which keep the tensors of a decoder layer, with keys and values
    /// as wide as queries, and two tensors of the feed-forward layer and its activation.
    package var visionLayers: LayerSizes {
        LayerSizes(
            layerCount: vision.depth, width: vision.hiddenSize,
            intermediateSize: vision.intermediateSize,
            keptCount: 9 * vision.hiddenSize + 4 * vision.intermediateSize)
    }

    package var summary: (text: [String: Int], vision: [String: Int]) {
        (
            text.summary.merging(["head": text.headDimension]) { $1 },
            [
                "width": vision.hiddenSize, "blocks": vision.depth, "heads": vision.headCount,
                "intermediate": vision.intermediateSize, "patch": vision.patchSize,
                "positions": vision.positionSide * vision.positionSide,
                "deep_features": vision.deepStackIndexes.count,
            ]
        )
    }

    package func towerCost(_ grid: ImageGrid) -> Double {
        FrameTowerCost(
            patch: patch, depth: vision.depth, width: vision.hiddenSize,
            intermediateSize: vision.intermediateSize, outputWidth: vision.outHiddenSize,
            mergerCount: 1 + vision.deepStackIndexes.count)(grid)
    }

    package func backbone(_ path: ParameterPath) -> any Backbone {
        ImageTokenModel(self, path) { Qwen3VLTower(vision, patch, $0) }
    }
}
