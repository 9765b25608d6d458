// Writes config.json in the flat form, which transformers 4.50 and 5.x both load.

package import Foundation
import MoCaSettings

extension Qwen2VLConfiguration {
    /// The bytes of a flat `config.json` with sorted keys, unique for each configuration.
    package func fileData() throws -> Data {
        var object = text.flatEntries
        object.merge(tokens.imageEntries)
        object.merge(tokens.textEntries)
        object["architectures"] = .array([.string(Self.architectures[0])])
        object["model_type"] = .string(Self.modelType)
        object["torch_dtype"] = .string(storageType)
        object["vision_config"] = .object([
            "model_type": .string(Self.modelType),
            "depth": .integer(vision.depth),
            "embed_dim": .integer(vision.width),
            "mlp_ratio": vision.mlpRatio == vision.mlpRatio.rounded()
                ? .integer(Int(vision.mlpRatio)) : .number(vision.mlpRatio),
            "num_heads": .integer(vision.headCount),
            // The name that transformers reads, and the one in published files.
            "in_channels": .integer(vision.inChannels),
            "in_chans": .integer(vision.inChannels),
            "hidden_size": .integer(vision.outputWidth),
            "hidden_act": .string("quick_gelu"),
            "patch_size": .integer(vision.patchSize),
            "spatial_patch_size": .integer(vision.patchSize),
            "temporal_patch_size": .integer(vision.temporalPatchSize),
            "spatial_merge_size": .integer(vision.spatialMergeSize),
        ])
        return try JSONFormat.document.data(JSON.object(object))
    }
}
