// Reads config.json of Qwen2-VL, flat (transformers < 4.52) or nested (`text_config`). Published
// files state only a few sizes of the vision tower; the others are transformers' defaults.

package import Foundation
import MoCaSettings

extension Qwen2VLConfiguration {
    private static let traits = DecoderShape.Traits(
        hasAttentionBias: true, hasQueryKeyNorm: false, statesHeadDimension: false,
        axes: { .consecutive($0) }, ropeTheta: 1_000_000)

    /// Reads a `config.json`; `file` is its name in errors. Throws `notJSON`, or
    /// `badConfiguration` with everything that is wrong.
    package init(parsing data: Data, file: String) throws(ModelError) {
        self = try ConfigurationReading.read(
            data, file: file, modelType: Self.modelType, Self.read)
    }

    private static func read(_ file: ConfigurationReading) -> Qwen2VLConfiguration {
        let tie = file.tie()
        let text = DecoderShape(file.text, traits, isTied: tie ?? false)
        let vision = readVision(file.vision(), defaultOutput: text.hiddenSize)
        file.requireWidth(vision.outputWidth, at: "hidden_size", of: text)
        return Qwen2VLConfiguration(
            text: text, vision: vision, tokens: file.tokens(vocabularySize: text.vocabularySize),
            storageType: file.storageType(), declaresTie: tie != nil)
    }

    private static func readVision(_ section: Section, defaultOutput: Int) -> Vision {
        let vision = Vision(
            depth: section.count("depth", default: 32),
            width: section.count("embed_dim", default: 1280),
            mlpRatio: section.number("mlp_ratio", default: 4),
            headCount: section.count("num_heads", default: 16),
            inChannels: section.channelCount(),
            outputWidth: section.count("hidden_size", default: defaultOutput),
            patchSize: section.count("patch_size", default: 14),
            temporalPatchSize: section.count("temporal_patch_size", default: 2),
            spatialMergeSize: section.count("spatial_merge_size", default: 2))
        section.checkActivation("quick_gelu")
        section.checkVisionRotary()
        section.context.require(
            section.keyPath("num_heads"), section.keyPath("embed_dim"),
            reason: "is \(vision.headCount), must divide embed_dim \(vision.width) "
                + "into heads whose size is a multiple of 4",
            if: { vision.width % (4 * vision.headCount) == 0 })
        section.context.require(
            section.keyPath("mlp_ratio"),
            reason: "is \(vision.mlpRatio), must be positive and at most 64",
            if: { vision.mlpRatio > 0 && vision.mlpRatio <= 64 && vision.intermediateSize > 0 })
        return vision
    }
}
