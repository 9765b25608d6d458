// Writes config.json in the flat form, which transformers 4.50 and 5.x both load
// (scripts/fixtures/model_integers.py checks both).

package import Foundation
import MoCaSettings

extension Qwen25VLConfiguration {
    /// The bytes of a flat `config.json` with sorted keys, unique for each configuration.
    package func fileData() throws -> Data {
        try JSONFormat.document.data(JSON.object(flatObject))
    }

    private var flatObject: JSONObject {
        var object: JSONObject = [
            "architectures": .array([.string("Qwen2_5_VLForConditionalGeneration")]),
            "model_type": .string("qwen2_5_vl"),
            "attention_dropout": .number(0),
            "hidden_act": .string("silu"),
            "initializer_range": .number(0.02),
            "hidden_size": .integer(text.hiddenSize),
            "intermediate_size": .integer(text.intermediateSize),
            "num_hidden_layers": .integer(text.layerCount),
            "num_attention_heads": .integer(text.headCount),
            "num_key_value_heads": .integer(text.keyValueHeadCount),
            "vocab_size": .integer(text.vocabularySize),
            "rms_norm_eps": .number(text.rmsNormEpsilon),
            "rope_theta": .number(text.ropeTheta),
            "rope_scaling": .object([
                "type": .string("mrope"),
                "mrope_section": .array(text.mropeSection.map(JSON.integer)),
            ]),
            "max_position_embeddings": .integer(text.maxPositions),
            "tie_word_embeddings": .bool(text.tieWordEmbeddings),
            "use_cache": .bool(true),
            "use_sliding_window": .bool(false),
            "torch_dtype": .string(storageType),
            "image_token_id": .integer(Int(tokens.image)),
            "video_token_id": .integer(Int(tokens.video)),
            "vision_start_token_id": .integer(Int(tokens.visionStart)),
            "vision_end_token_id": .integer(Int(tokens.visionEnd)),
            "vision_config": .object(visionObject),
        ]
        let optional = [
            "vision_token_id": tokens.visionPad, "bos_token_id": tokens.beginning,
            "eos_token_id": tokens.end,
        ]
        for case (let key, let id?) in optional {
            object[key] = .integer(Int(id))
        }
        return object
    }

    private var visionObject: JSONObject {
        [
            "model_type": .string("qwen2_5_vl"),
            "hidden_act": .string("silu"),
            "depth": .integer(vision.depth),
            "hidden_size": .integer(vision.hiddenSize),
            "intermediate_size": .integer(vision.intermediateSize),
            "num_heads": .integer(vision.headCount),
            // The name that transformers reads, and the one in published files.
            "in_channels": .integer(vision.inChannels),
            "in_chans": .integer(vision.inChannels),
            "out_hidden_size": .integer(vision.outHiddenSize),
            "patch_size": .integer(vision.patchSize),
            "spatial_patch_size": .integer(vision.patchSize),
            "temporal_patch_size": .integer(vision.temporalPatchSize),
            "spatial_merge_size": .integer(vision.spatialMergeSize),
            "window_size": .integer(vision.windowSize),
            "fullatt_block_indexes": .array(
                vision.fullAttentionBlockIndexes.map(JSON.integer)),
            "tokens_per_second": .integer(2),
        ]
    }
}
