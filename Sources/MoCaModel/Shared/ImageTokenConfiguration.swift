// What the configurations of models whose images are tokens of the sequence have in common.

package import MoCaCore

/// A configuration whose language model is a decoder of `DecoderShape`.
package protocol DecoderConfiguration: BackboneConfiguration {
    /// The settings of the language model.
    var text: DecoderShape { get set }
}

extension DecoderConfiguration {
    package var vectorLength: Int { text.hiddenSize }

    package var vocabularySize: Int {
        get { text.vocabularySize }
        set { text.vocabularySize = newValue }
    }

    package var isTied: Bool {
        get { text.tieWordEmbeddings }
        set { text.tieWordEmbeddings = newValue }
    }

    package var textLayers: LayerSizes { text.layerSizes }
}

/// A configuration of a decoder and a vision tower whose features are tokens of the sequence.
package protocol ImageTokenConfiguration: DecoderConfiguration {
    /// The shape of patches.
    var patch: PatchShape { get }

    /// FLOPs of an image in the vision tower.
    func towerCost(_ plan: ImagePlan) -> Double
}

extension ImageTokenConfiguration {
    package var forwardCost: any ForwardCost {
        DecoderCost(text: text, patch: patch) { self.towerCost($0) }
    }
}

/// A configuration whose images have their own size and markers around their tokens (Qwen2-VL and
/// its successors).
package protocol GridConfiguration: ImageTokenConfiguration {
    /// The special tokens of images and texts.
    var tokens: VisionTokens { get }

    /// FLOPs of an image of this size in the vision tower.
    func towerCost(_ grid: ImageGrid) -> Double
}

extension GridConfiguration {
    package static var keyRules: KeyRules { .imageTokens }

    package func towerCost(_ plan: ImagePlan) -> Double { plan.grid.map { towerCost($0) } ?? 0 }

    package var inputRules: any InputRules {
        ImageTokenRules(
            tokens: tokens, patch: patch, vocabularySize: text.vocabularySize,
            maxPositions: text.maxPositions)
    }

    package var partKeys: PartKeys {
        PartKeys(
            vision: "visual.", visionInput: ["visual.patch_embed."],
            visionLayers: "visual.blocks.", textInput: ["model.embed_tokens.", "visual.merger."],
            textLayers: "model.layers.", text: "model.")
    }
}
