// Reads config.json of Phi-3-vision, which is flat and describes its vision tower by name.

package import Foundation
import MoCaSettings

extension Phi3VConfiguration {
    private static let traits = DecoderShape.Traits(
        hasAttentionBias: false, hasQueryKeyNorm: false, statesHeadDimension: false, axes: nil,
        ropeTheta: 10_000, hasFusedProjections: true, slidesIfStated: true)

    /// The width of CLIP-L.
    private static let visionWidth = 1024
    /// The number of components of a head of CLIP's vision towers.
    private static let visionHeadDimension = 64

    /// Reads a `config.json`; `file` is its name in errors. Throws `notJSON`, or
    /// `badConfiguration` with everything that is wrong.
    package init(parsing data: Data, file: String) throws(ModelError) {
        self = try ConfigurationReading.read(
            data, file: file, modelType: Self.modelType, Self.read)
    }

    private static func read(_ file: ConfigurationReading) -> Phi3VConfiguration {
        let tie = file.tie()
        checkEmbedder(file.root.section("embd_layer"))
        let tower = file.root.section("img_processor")
        return Phi3VConfiguration(
            text: DecoderShape(file.text, traits, isTied: tie ?? false),
            vision: vision(tower), knowsVisionLayers: tower["num_hidden_layers"] != nil,
            specialTokens: specialTokens(file.root), storageType: file.storageType(),
            declaresTie: tie != nil)
    }

    private static func vision(_ section: Section) -> ClipVision {
        let width = section.count("image_dim_out", default: visionWidth)
        section.context.require(
            section.keyPath("image_dim_out"),
            reason: "is \(width), must be a multiple of \(visionHeadDimension)",
            if: { width % visionHeadDimension == 0 })
        let name = section.optionalString("name") ?? "clip_vision_model"
        if name != "clip_vision_model" {
            section.add("name", "is \"\(name)\": only clip_vision_model is computed")
        }
        let layers = section.count("num_hidden_layers", default: 24)
        // The state that is the features, counted from the end as in the released code.
        let featureLayer =
            section.optionalInteger("layer_idx", in: (-layers - 1)...(-1)) ?? -2
        return ClipVision(
            hiddenSize: width, intermediateSize: 4 * width, layerCount: layers,
            headCount: max(1, width / visionHeadDimension), imageSize: 336, patchSize: 14,
            usedLayerCount: max(0, layers + 1 + featureLayer))
    }

    /// Checks that images become tokens as in the released models.
    private static func checkEmbedder(_ section: Section) {
        for (key, expected) in [
            ("hd_transform_order", "sub_glb"), ("projection_cls", "mlp"),
            ("embedding_cls", "image"),
        ] {
            let found = section.optionalString(key) ?? expected
            if found != expected {
                section.add(key, "is \"\(found)\": only \(expected) is computed")
            }
        }
        for key in ["use_hd_transform", "with_learnable_separator"]
        where !section.bool(key, default: true) {
            section.add(key, "is false: only true is computed")
        }
    }

    private static func specialTokens(_ root: Section) -> [String: Int] {
        var tokens: [String: Int] = [:]
        for key in ["bos_token_id", "eos_token_id", "pad_token_id"] {
            if case .integer(let id)? = root[key] { tokens[key] = id }
        }
        return tokens
    }
}
