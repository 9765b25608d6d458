// Reads config.json of LLaVA-NeXT, which is nested (`text_config`, `vision_config`). Published files
// state only a few sizes of the language model; the others are transformers' defaults.

package import Foundation
import MoCaSettings

extension LlavaNextConfiguration {
    private static let traits = DecoderShape.Traits(
        hasAttentionBias: false, hasQueryKeyNorm: false, statesHeadDimension: true, axes: nil,
        ropeTheta: 10_000,
        defaults: [
            "hidden_size": 4096, "intermediate_size": 14_336, "num_hidden_layers": 32,
            "num_attention_heads": 32, "num_key_value_heads": 8, "vocab_size": 32_000,
            "max_position_embeddings": 131_072,
        ], slidesIfStated: true)

    /// Reads a `config.json`; `file` is its name in errors. Throws `notJSON`, or
    /// `badConfiguration` with everything that is wrong.
    package init(parsing data: Data, file: String) throws(ModelError) {
        self = try ConfigurationReading.read(
            data, file: file, modelType: Self.modelType, Self.read)
    }

    private static func read(_ file: ConfigurationReading) -> LlavaNextConfiguration {
        let root = file.root
        checkLanguageModel(file)
        let tie = file.tie()
        let text = DecoderShape(file.text, traits, isTied: tie ?? false)
        let layerKey = "vision_feature_layer"
        let vision = ClipVision(
            file.vision(), featureLayer: root.integer(layerKey, default: -2),
            featureKey: layerKey)
        checkFeatures(root)
        let pinpoints = root.list("image_grid_pinpoints", "a list of pairs of integers") {
            $0.array?.compactMap(\.integer)
        }
        return LlavaNextConfiguration(
            text: text, vision: vision, imageToken: imageToken(file, text),
            pinpoints: pinpoints ?? [], storageType: file.storageType(), declaresTie: tie != nil)
    }

    /// Other language models of the family have other layers.
    private static func checkLanguageModel(_ file: ConfigurationReading) {
        let type = file.text.optionalString("model_type") ?? "mistral"
        if type != "mistral" {
            file.text.add("model_type", "is \"\(type)\": only mistral is computed")
        }
    }

    private static func checkFeatures(_ root: Section) {
        let strategy = root.optionalString("vision_feature_select_strategy") ?? "default"
        if strategy != "default" {
            root.add(
                "vision_feature_select_strategy", "is \"\(strategy)\": only default is computed")
        }
        let activation = root.optionalString("projector_hidden_act") ?? "gelu"
        if activation != "gelu" {
            root.add("projector_hidden_act", "is \"\(activation)\": only gelu is computed")
        }
        for key in ["multimodal_projector_bias", "use_image_newline_parameter"]
        where !root.bool(key, default: true) {
            root.add(key, "is false: only true is computed")
        }
    }

    private static func imageToken(_ file: ConfigurationReading, _ text: DecoderShape) -> Int32 {
        let root = file.root
        let key = root["image_token_id"] == nil ? "image_token_index" : "image_token_id"
        let id = root.integer(key, default: 32_000)
        root.context.require(
            key, file.text.keyPath("vocab_size"),
            reason: "is \(id), must be in 0 ..< \(text.vocabularySize), the vocabulary",
            if: { (0..<text.vocabularySize).contains(id) })
        return Int32(clamping: id)
    }
}
