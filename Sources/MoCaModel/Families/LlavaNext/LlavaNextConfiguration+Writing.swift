// Writes config.json in the nested form that all versions of transformers load.

package import Foundation
import MoCaSettings

extension LlavaNextConfiguration {
    /// The bytes of a nested `config.json` with sorted keys, unique for each configuration.
    package func fileData() throws -> Data {
        var language = text.sizeEntries
        language["model_type"] = .string("mistral")
        language["rope_scaling"] = text.scaling.fileValue(maxPositions: text.maxPositions)
        language["torch_dtype"] = .string(storageType)
        let object: JSONObject = [
            "architectures": .array([.string(Self.architectures[0])]),
            "model_type": .string(Self.modelType),
            "torch_dtype": .string(storageType),
            "tie_word_embeddings": .bool(text.tieWordEmbeddings),
            "image_token_index": .integer(Int(imageToken)),
            "image_grid_pinpoints": .array(
                pinpoints.map { .array($0.map(JSON.integer)) }),
            "image_seq_length": .integer(vision.patchCount),
            "projector_hidden_act": .string("gelu"),
            "use_image_newline_parameter": .bool(true),
            "vision_feature_layer": .integer(vision.usedLayerCount - vision.layerCount - 1),
            "vision_feature_select_strategy": .string("default"),
            "text_config": .object(language),
            "vision_config": .object(vision.entries),
        ]
        return try JSONFormat.document.data(JSON.object(object))
    }
}
