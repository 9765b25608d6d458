// Writes config.json in the flat form, which transformers 4.50 and 5.x both load
// (scripts/fixtures/model_integers.py checks both).

package import Foundation
import MoCaSettings

extension Qwen25VLConfiguration {
    /// The bytes of a flat `config.json` with sorted keys, unique for each configuration.
    package func fileData() throws -> Data {
        var object = text.flatEntries
        object.merge(tokens.imageEntries)
        object.merge(tokens.textEntries)
        object["architectures"] = .array([.string(Self.architectures[0])])
        object["model_type"] = .string(Self.modelType)
        object["torch_dtype"] = .string(storageType)
        object["vision_config"] = .object(visionObject)
        return try JSONFormat.document.data(JSON.object(object))
    }

    private var visionObject: JSONObject {
        [
            "model_type": .string(Self.modelType),
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
