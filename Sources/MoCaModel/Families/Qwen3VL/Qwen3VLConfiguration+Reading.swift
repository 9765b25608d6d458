// Reads config.json of Qwen3-VL, which is nested (`text_config`, `vision_config`).

package import Foundation
import MoCaSettings

extension Qwen3VLConfiguration {
    private static let traits = DecoderShape.Traits(
        hasAttentionBias: false, hasQueryKeyNorm: true, statesHeadDimension: true,
        axes: { .interleaved($0) }, ropeTheta: 5_000_000)

    /// Reads a `config.json`; `file` is its name in errors. Throws `notJSON`, or
    /// `badConfiguration` with everything that is wrong.
    package init(parsing data: Data, file: String) throws(ModelError) {
        self = try ConfigurationReading.read(
            data, file: file, modelType: Self.modelType, Self.read)
    }

    private static func read(_ file: ConfigurationReading) -> Qwen3VLConfiguration {
        let tie = file.tie()
        let text = DecoderShape(file.text, traits, isTied: tie ?? false)
        let vision = readVision(file.vision(), layerCount: text.layerCount)
        file.requireWidth(vision.outHiddenSize, at: "out_hidden_size", of: text)
        return Qwen3VLConfiguration(
            text: text, vision: vision, tokens: file.tokens(vocabularySize: text.vocabularySize),
            storageType: file.storageType(), declaresTie: tie != nil)
    }

    private static func readVision(_ section: Section, layerCount: Int) -> Vision {
        let positions = section.count("num_position_embeddings", default: 2304)
        let side = Int(Double(positions).squareRoot())
        let vision = Vision(
            depth: section.count("depth"), hiddenSize: section.count("hidden_size"),
            intermediateSize: section.count("intermediate_size"),
            headCount: section.count("num_heads"), inChannels: section.channelCount(),
            outHiddenSize: section.count("out_hidden_size"),
            patchSize: section.count("patch_size", default: 16),
            temporalPatchSize: section.count("temporal_patch_size", default: 2),
            spatialMergeSize: section.count("spatial_merge_size", default: 2),
            positionSide: side, deepStackIndexes: section.integers("deepstack_visual_indexes"))
        section.checkActivation("gelu_pytorch_tanh")
        section.checkVisionRotary()
        section.context.require(
            section.keyPath("num_position_embeddings"),
            reason: "is \(positions), must be a square", if: { side * side == positions })
        section.context.require(
            section.keyPath("num_heads"), section.keyPath("hidden_size"),
            reason: "is \(vision.headCount), must divide hidden_size \(vision.hiddenSize) "
                + "into heads whose size is a multiple of 4",
            if: { vision.hiddenSize % (4 * vision.headCount) == 0 })
        section.context.require(
            section.keyPath("deepstack_visual_indexes"), section.keyPath("depth"),
            reason: "is \(vision.deepStackIndexes), must name blocks in 0 ..< \(vision.depth), "
                + "ascending, and at most one for each of the \(layerCount) decoder layers",
            if: {
                let indexes = vision.deepStackIndexes
                return indexes.count <= layerCount
                    && indexes.allSatisfy { (0..<vision.depth).contains($0) }
                    && zip(indexes, indexes.dropFirst()).allSatisfy { $0 < $1 }
            })
        return vision
    }
}
