// Reads config.json of Llama 3.2 Vision, which is nested (`text_config`, `vision_config`).

import MoCaCore
package import Foundation
import MoCaSettings

extension MllamaConfiguration {
    private static let traits = DecoderShape.Traits(
        hasAttentionBias: false, hasQueryKeyNorm: false, statesHeadDimension: false, axes: nil,
        ropeTheta: 500_000)

    /// Reads a `config.json`; `file` is its name in errors. Throws `notJSON`, or
    /// `badConfiguration` with everything that is wrong.
    package init(parsing data: Data, file: String) throws(ModelError) {
        self = try ConfigurationReading.read(
            data, file: file, modelType: Self.modelType, Self.read)
    }

    private static func read(_ file: ConfigurationReading) -> MllamaConfiguration {
        let tie = file.tie()
        var text = DecoderShape(file.text, traits, isTied: tie ?? false)
        let outputRows = text.vocabularySize
        text.vocabularySize += addedRows
        let crossLayers = file.text.integers("cross_attention_layers")
        file.root.context.require(
            file.text.keyPath("cross_attention_layers"),
            file.text.keyPath("num_hidden_layers"),
            reason: "is \(crossLayers), must name layers in 0 ..< \(text.layerCount), ascending",
            if: { ascend(crossLayers, below: text.layerCount) })
        return MllamaConfiguration(
            text: text, crossLayers: crossLayers, vision: readVision(file.vision()),
            tokens: readTokens(file, rows: outputRows + addedRows),
            storageType: file.storageType(), declaresTie: tie != nil)
    }

    private static func readTokens(_ file: ConfigurationReading, rows: Int) -> Tokens {
        let image = file.root.integer("image_token_index")
        file.root.context.require(
            "image_token_index", file.text.keyPath("vocab_size"),
            reason: "is \(image), must be in 0 ..< \(rows), the rows of the embedding",
            if: { (0..<rows).contains(image) })
        func optional(_ key: String) -> Int? {
            // A list of end tokens: the first is written back.
            if case .array(let items)? = file.text[key], case .integer(let first)? = items.first {
                return first
            }
            return file.text.optionalInteger(key)
        }
        return Tokens(
            image: Int32(clamping: image), beginning: optional("bos_token_id"),
            end: optional("eos_token_id"), padding: optional("pad_token_id"))
    }

    private static func readVision(_ section: Section) -> Vision {
        let vision = Vision(
            hiddenSize: section.count("hidden_size", default: 1280),
            headCount: section.count("attention_heads", default: 16),
            intermediateSize: section.count("intermediate_size", default: 5120),
            layerCount: section.count("num_hidden_layers", default: 32),
            globalLayerCount: section.count("num_global_layers", default: 8),
            tapIndexes: section.integers(
                "intermediate_layers_indices", default: [3, 7, 15, 23, 30]),
            channelCount: section.count("num_channels", default: 3),
            patchSize: section.count("patch_size", default: 14),
            tileSize: section.count("image_size", default: 560),
            tileCountMax: section.integer("max_num_tiles", in: 1...64, default: 4),
            normEpsilon: section.number("norm_eps", default: 1e-5))
        section.checkActivation("gelu")
        checkShapes(vision, section)
        checkCanvases(vision, section)
        return vision
    }

    private static func checkShapes(_ vision: Vision, _ section: Section) {
        let context = section.context
        context.require(
            section.keyPath("attention_heads"), section.keyPath("hidden_size"),
            reason: "is \(vision.headCount), must divide hidden_size \(vision.hiddenSize)",
            if: { vision.hiddenSize % vision.headCount == 0 })
        context.require(
            section.keyPath("image_size"), section.keyPath("patch_size"),
            reason: "is \(vision.tileSize), must be a multiple of patch_size \(vision.patchSize)",
            if: { vision.tileSize % vision.patchSize == 0 })
        context.require(
            section.keyPath("norm_eps"), reason: "is \(vision.normEpsilon), must be positive",
            if: { vision.normEpsilon > 0 })
        context.require(
            section.keyPath("intermediate_layers_indices"), section.keyPath("num_hidden_layers"),
            reason: "is \(vision.tapIndexes), must name layers in 0 ..< \(vision.layerCount), "
                + "ascending",
            if: { ascend(vision.tapIndexes, below: vision.layerCount) })
        let width = section.integer("vision_output_dim", default: vision.outputWidth)
        context.require(
            section.keyPath("vision_output_dim"),
            reason: "is \(width), must be hidden_size times one more than the number of "
                + "intermediate_layers_indices, \(vision.outputWidth)",
            if: { width == vision.outputWidth })
    }

    /// Checks that the file lists the arrangements of tiles in the order of the tables.
    private static func checkCanvases(_ vision: Vision, _ section: Section) {
        let key = "supported_aspect_ratios"
        let listed = section.list(key, "a list of pairs") { item -> [Int]? in
            item.array?.compactMap(\.integer)
        }
        guard let listed else { return }
        let expected = vision.canvases.map { [$0.rows, $0.columns] }
        section.context.require(
            section.keyPath(key), section.keyPath("max_num_tiles"),
            reason: "must list the \(expected.count) arrangements of at most "
                + "\(vision.tileCountMax) tiles by rows, then columns",
            if: { listed == expected })
    }

    private static func ascend(_ indexes: [Int], below end: Int) -> Bool {
        indexes.allSatisfy { (0..<end).contains($0) }
            && zip(indexes, indexes.dropFirst()).allSatisfy { $0 < $1 }
    }
}
