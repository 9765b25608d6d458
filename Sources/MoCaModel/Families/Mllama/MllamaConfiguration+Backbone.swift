// Llama 3.2 Vision (arXiv 2407.21783, section 7) as a family: its names, its sizes, and its modules.

package import MoCaCore
package import NN

extension MllamaConfiguration: DecoderConfiguration {
    package static let familyName = "Llama-3.2-Vision"
    package static let modelType = "mllama"
    package static let architectures = ["MllamaForConditionalGeneration", "MllamaModel"]
    package static let keyRules = KeyRules(
        read: [
            // transformers < 4.52, and all released checkpoints
            ("language_model.model.", "model."),
            ("language_model.lm_head.", "lm_head."),
            ("vision_model.", "visual."),
            ("multi_modal_projector.", "visual.projector."),
            // transformers >= 4.52
            ("model.language_model.", "model."),
            ("model.vision_model.", "visual."),
            ("model.multi_modal_projector.", "visual.projector."),
        ],
        written: [
            ("model.", "language_model.model."),
            ("lm_head.", "language_model.lm_head."),
            ("visual.projector.", "multi_modal_projector."),
            ("visual.", "vision_model."),
        ])

    /// The sizes of vision layers, which keep the tensors of a decoder layer, with keys and values
    /// as wide as queries, and two tensors of the feed-forward layer and its activation.
    package var visionLayers: LayerSizes {
        LayerSizes(
            layerCount: vision.layerCount + vision.globalLayerCount, width: vision.hiddenSize,
            intermediateSize: vision.intermediateSize,
            keptCount: 9 * vision.hiddenSize + 4 * vision.intermediateSize)
    }

    package var summary: (text: [String: Int], vision: [String: Int]) {
        (
            text.summary.merging(["cross_layers": crossLayers.count]) { $1 },
            [
                "width": vision.hiddenSize, "local_layers": vision.layerCount,
                "global_layers": vision.globalLayerCount, "heads": vision.headCount,
                "intermediate": vision.intermediateSize, "patch": vision.patchSize,
                "tile": vision.tileSize, "tiles": vision.tileCountMax,
                "vectors_an_image": vision.tileCountMax * vision.tileVectors,
            ]
        )
    }

    private var patch: PatchShape {
        PatchShape(
            channelCount: vision.channelCount, size: vision.patchSize, frameCount: 1,
            mergeSize: 1)
    }

    package var inputRules: any InputRules {
        MllamaInputRules(
            imageToken: tokens.image, patch: patch, vision: vision,
            vocabularySize: text.vocabularySize, maxPositions: text.maxPositions)
    }

    package var forwardCost: any ForwardCost {
        MllamaCost(text: text, crossLayerCount: crossLayers.count, vision: vision)
    }

    package var partKeys: PartKeys {
        PartKeys(
            vision: "visual.", visionInput: ["visual.patch_embedding."],
            visionLayers: "visual.transformer.layers.",
            textInput: ["model.embed_tokens.", "visual.projector."],
            textLayers: "model.layers.", text: "model.")
    }

    /// A masked patch has no token whose state it could be predicted from.
    package static var supportsReconstruction: Bool { false }

    package func backbone(_ path: ParameterPath) -> any Backbone {
        MllamaModel(self, path)
    }
}
