// Qwen2-VL (arXiv 2409.12191) as a family: its names, its sizes, and its modules.

package import MoCaCore
package import NN

extension Qwen2VLConfiguration: GridConfiguration {
    package static let familyName = "Qwen2-VL"
    package static let modelType = "qwen2_vl"
    package static let architectures = ["Qwen2VLForConditionalGeneration", "Qwen2VLModel"]

    package var patch: PatchShape {
        PatchShape(
            channelCount: vision.inChannels, size: vision.patchSize,
            frameCount: vision.temporalPatchSize, mergeSize: vision.spatialMergeSize)
    }

    /// The sizes of vision blocks, which keep the tensors of a decoder layer, with keys and values
    /// as wide as queries, and two tensors of the feed-forward layer and its activation.
    package var visionLayers: LayerSizes {
        LayerSizes(
            layerCount: vision.depth, width: vision.width,
            intermediateSize: vision.intermediateSize,
            keptCount: 9 * vision.width + 4 * vision.intermediateSize)
    }

    package var summary: (text: [String: Int], vision: [String: Int]) {
        (
            text.summary,
            [
                "width": vision.width, "blocks": vision.depth, "heads": vision.headCount,
                "intermediate": vision.intermediateSize, "patch": vision.patchSize,
            ]
        )
    }

    package func towerCost(_ grid: ImageGrid) -> Double {
        FrameTowerCost(
            patch: patch, depth: vision.depth, width: vision.width,
            intermediateSize: vision.intermediateSize, outputWidth: vision.outputWidth,
            mergerCount: 1)(grid)
    }

    package func backbone(_ path: ParameterPath) -> any Backbone {
        ImageTokenModel(self, path) { Qwen2VLTower(vision, patch, $0) }
    }
}
