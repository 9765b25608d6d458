// Writes config.json in the nested form of transformers >= 4.57.

package import Foundation
import MoCaSettings

extension Qwen3VLConfiguration {
    /// The bytes of a nested `config.json` with sorted keys, unique for each configuration.
    package func fileData() throws -> Data {
        var language = text.sizeEntries
        language.merge(tokens.textEntries)
        language["model_type"] = .string("qwen3_vl_text")
        language["attention_bias"] = .bool(false)
        language["dtype"] = .string(storageType)
        language["rope_scaling"] = .object([
            "rope_type": .string("default"),
            "mrope_interleaved": .bool(true),
            "mrope_section": .array(text.mropeSection.map(JSON.integer)),
        ])
        var object = tokens.imageEntries
        object["architectures"] = .array([.string(Self.architectures[0])])
        object["model_type"] = .string(Self.modelType)
        object["tie_word_embeddings"] = .bool(text.tieWordEmbeddings)
        object["text_config"] = .object(language)
        object["vision_config"] = .object(visionObject)
        return try JSONFormat.document.data(JSON.object(object))
    }

    private var visionObject: JSONObject {
        [
            "model_type": .string(Self.modelType),
            "hidden_act": .string("gelu_pytorch_tanh"),
            "initializer_range": .number(0.02),
            "depth": .integer(vision.depth),
            "hidden_size": .integer(vision.hiddenSize),
            "intermediate_size": .integer(vision.intermediateSize),
            "num_heads": .integer(vision.headCount),
            "in_channels": .integer(vision.inChannels),
            "out_hidden_size": .integer(vision.outHiddenSize),
            "patch_size": .integer(vision.patchSize),
            "temporal_patch_size": .integer(vision.temporalPatchSize),
            "spatial_merge_size": .integer(vision.spatialMergeSize),
            "num_position_embeddings": .integer(vision.positionSide * vision.positionSide),
            "deepstack_visual_indexes": .array(vision.deepStackIndexes.map(JSON.integer)),
        ]
    }
}
