// Reads config.json of Qwen2.5-VL in all forms in use: flat (transformers < 4.52 and MoCa) and
// nested (`text_config`).

package import Foundation
import MoCaSettings

extension Qwen25VLConfiguration {
    private static let traits = DecoderShape.Traits(
        hasAttentionBias: true, hasQueryKeyNorm: false, statesHeadDimension: false,
        axes: { .consecutive($0) }, ropeTheta: 1_000_000)

    /// Reads a `config.json`; `file` is its name in errors. Throws `notJSON`, or
    /// `badConfiguration` with everything that is wrong.
    package init(parsing data: Data, file: String) throws(ModelError) {
        self = try ConfigurationReading.read(
            data, file: file, modelType: Self.modelType, Self.read)
    }

    private static func read(_ file: ConfigurationReading) -> Qwen25VLConfiguration {
        let tie = file.tie()
        let text = DecoderShape(file.text, traits, isTied: tie ?? false)
        let vision = readVision(file.vision())
        file.requireWidth(vision.outHiddenSize, at: "out_hidden_size", of: text)
        return Qwen25VLConfiguration(
            text: text, vision: vision, tokens: file.tokens(vocabularySize: text.vocabularySize),
            storageType: file.storageType(), declaresTie: tie != nil)
    }

    private static func readVision(_ section: Section) -> Vision {
        let vision = Vision(
            depth: section.count("depth"), hiddenSize: section.count("hidden_size"),
            intermediateSize: section.count("intermediate_size"),
            headCount: section.count("num_heads"), inChannels: section.channelCount(),
            outHiddenSize: section.count("out_hidden_size"),
            patchSize: section.count("patch_size"),
            temporalPatchSize: section.count("temporal_patch_size", default: 2),
            spatialMergeSize: section.count("spatial_merge_size", default: 2),
            windowSize: section.count("window_size", default: 112),
            fullAttentionBlockIndexes: section.integers("fullatt_block_indexes"))
        section.checkActivation("silu")
        check(vision, section)
        return vision
    }

    private static func check(_ vision: Vision, _ section: Section) {
        func path(_ key: String) -> String { section.keyPath(key) }
        let context = section.context
        context.require(
            path("num_heads"), path("hidden_size"),
            reason: "is \(vision.headCount), must divide hidden_size \(vision.hiddenSize) "
                + "into heads whose size is a multiple of 4",
            if: { vision.hiddenSize % (4 * vision.headCount) == 0 })
        context.require(
            path("window_size"), path("patch_size"), path("spatial_merge_size"),
            reason: "is \(vision.windowSize), must hold at least one group of "
                + "\(vision.spatialMergeSize) x \(vision.spatialMergeSize) patches of "
                + "\(vision.patchSize) pixels",
            if: { vision.windowTokens >= 1 })
        context.require(
            path("fullatt_block_indexes"), path("depth"),
            reason: "is \(vision.fullAttentionBlockIndexes), must name blocks in "
                + "0 ..< \(vision.depth), each once",
            if: {
                let blocks = vision.fullAttentionBlockIndexes
                return Set(blocks).count == blocks.count
                    && blocks.allSatisfy { (0..<vision.depth).contains($0) }
            })
        section.checkVisionRotary()
    }
}
