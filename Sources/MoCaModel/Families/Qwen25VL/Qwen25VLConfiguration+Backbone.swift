// Qwen2.5-VL as a family: its names, its sizes, and its modules.

package import MoCaCore
package import NN

extension Qwen25VLConfiguration: GridConfiguration {
    package static let familyName = "Qwen2.5-VL"
    package static let modelType = "qwen2_5_vl"
    package static let architectures = [
        "Qwen2_5_VLForConditionalGeneration", "Qwen2_5_VLModel",
    ]

    package var patch: PatchShape {
        PatchShape(
            channelCount: vision.inChannels, size: vision.patchSize,
            frameCount: vision.temporalPatchSize, mergeSize: vision.spatialMergeSize)
    }

    /// The sizes of vision blocks, which keep the tensors of a decoder layer, with keys and values
    /// as wide as queries.
    package var visionLayers: LayerSizes {
        LayerSizes(
            layerCount: vision.depth, width: vision.hiddenSize,
            intermediateSize: vision.intermediateSize,
            keptCount: 9 * vision.hiddenSize + 4 * vision.intermediateSize)
    }

    package var summary: (text: [String: Int], vision: [String: Int]) {
        (
            text.summary,
            [
                "width": vision.hiddenSize, "blocks": vision.depth, "heads": vision.headCount,
                "intermediate": vision.intermediateSize, "patch": vision.patchSize,
                "window": vision.windowSize,
            ]
        )
    }

    package func towerCost(_ grid: ImageGrid) -> Double { vision.cost(grid) }

    package func backbone(_ path: ParameterPath) -> any Backbone {
        Qwen25VL(self, path) { VisionTower(vision, $0) }
    }
}

/// The Qwen2.5-VL backbone (arXiv 2502.13923).
typealias Qwen25VL = ImageTokenModel<VisionTower>
