// Qwen2.5-VL as a family: its names, its sizes, and the keys of its modules.

package import MoCaCore
package import NN

extension Qwen25VLConfiguration: BackboneConfiguration {
    package static let familyName = "Qwen2.5-VL"
    package static let modelType = "qwen2_5_vl"
    package static let architectures = [
        "Qwen2_5_VLForConditionalGeneration", "Qwen2_5_VLModel",
    ]

    package var vectorLength: Int { text.hiddenSize }

    package var vocabularySize: Int {
        get { text.vocabularySize }
        set { text.vocabularySize = newValue }
    }

    package var isTied: Bool {
        get { text.tieWordEmbeddings }
        set { text.tieWordEmbeddings = newValue }
    }

    /// The sizes of decoder layers. A layer keeps its input, the outputs of both norms, queries,
    /// keys, values, the attention output before and after reordering, the sum after it, and four
    /// tensors of the feed-forward layer.
    package var textLayers: LayerSizes {
        LayerSizes(
            layerCount: text.layerCount, width: text.hiddenSize,
            intermediateSize: text.intermediateSize,
            keptCount: 7 * text.hiddenSize + 2 * text.keyValueSize + 4 * text.intermediateSize)
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
            [
                "width": text.hiddenSize, "layers": text.layerCount, "heads": text.headCount,
                "key_value_heads": text.keyValueHeadCount, "intermediate": text.intermediateSize,
                "positions": text.maxPositions,
            ],
            [
                "width": vision.hiddenSize, "blocks": vision.depth, "heads": vision.headCount,
                "intermediate": vision.intermediateSize, "patch": vision.patchSize,
                "window": vision.windowSize,
            ]
        )
    }

    package var partKeys: PartKeys {
        PartKeys(
            vision: "visual.", visionInput: ["visual.patch_embed."],
            visionLayers: "visual.blocks.", textInput: ["model.embed_tokens.", "visual.merger."],
            textLayers: "model.layers.", text: "model.")
    }

    package var inputRules: any InputRules { Qwen25VLInputRules(self) }

    package var forwardCost: any ForwardCost { Qwen25VLCost(self) }

    package func backbone(_ path: ParameterPath) -> any Backbone { Qwen25VL(self, path) }
}
