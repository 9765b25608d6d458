// LLaVA-NeXT (arXiv 2310.03744; llava-vl.github.io/blog/2024-01-30-llava-next) as a family: its
// names, its sizes, and its modules.

package import MoCaCore
package import NN

extension LlavaNextConfiguration: ImageTokenConfiguration {
    package static let familyName = "LLaVA-NeXT"
    package static let modelType = "llava_next"
    package static let architectures = ["LlavaNextForConditionalGeneration", "LlavaNextModel"]

    package static let keyRules = KeyRules(
        read: [
            // transformers < 4.52, and all released checkpoints
            ("language_model.model.", "model."),
            ("language_model.lm_head.", "lm_head."),
            ("vision_tower.vision_model.", "visual."),
            ("multi_modal_projector.", "visual.projector."),
            ("image_newline", "visual.image_newline"),
            // transformers >= 4.52
            ("model.language_model.", "model."),
            ("model.vision_tower.vision_model.", "visual."),
            ("model.vision_tower.", "visual."),
            ("model.multi_modal_projector.", "visual.projector."),
            ("model.image_newline", "visual.image_newline"),
        ],
        written: [
            ("model.", "language_model.model."),
            ("lm_head.", "language_model.lm_head."),
            ("visual.projector.", "multi_modal_projector."),
            ("visual.image_newline", "image_newline"),
            ("visual.", "vision_tower.vision_model."),
        ])

    package var patch: PatchShape { vision.patch(mergeSize: 1) }
    package var visionLayers: LayerSizes { vision.layerSizes }
    package var summary: (text: [String: Int], vision: [String: Int]) {
        (text.summary, vision.summary)
    }
    package static var supportsReconstruction: Bool { false }
    package var unusedKeys: [String] { vision.unusedKeys }

    package var inputRules: any InputRules {
        TiledImageRules(
            imageToken: imageToken, markers: [(Self.imageMarker, imageToken)], patch: patch,
            tileSize: vision.imageSize, encodesTextsApart: false,
            vocabularySize: text.vocabularySize, maxPositions: text.maxPositions)
    }

    /// The text of the image token.
    private static let imageMarker = "<image>"

    package var partKeys: PartKeys {
        PartKeys(
            vision: "visual.", visionInput: ["visual.embeddings.", "visual.pre_layrnorm."],
            visionLayers: "visual.encoder.layers.",
            textInput: ["model.embed_tokens.", "visual.projector.", "visual.image_newline"],
            textLayers: "model.layers.", text: "model.")
    }

    package func towerCost(_ plan: ImagePlan) -> Double {
        guard case .tiles(let tiles) = plan else { return 0 }
        let (width, output) = (Double(vision.hiddenSize), Double(text.hiddenSize))
        let projector = 2 * Double(tiles.patchCount) * (width * output + output * output)
        return vision.cost(imageCount: tiles.tileCount) + projector
    }

    package func backbone(_ path: ParameterPath) -> any Backbone {
        ImageTokenModel(self, path) { LlavaNextTower(self, $0) }
    }
}
