// Writes config.json in the nested form that all versions of transformers load.

import MoCaCore
package import Foundation
import MoCaSettings

extension MllamaConfiguration {
    /// The bytes of a nested `config.json` with sorted keys, unique for each configuration.
    package func fileData() throws -> Data {
        let object: JSONObject = [
            "architectures": .array([.string(Self.architectures[0])]),
            "model_type": .string(Self.modelType),
            "image_token_index": .integer(Int(tokens.image)),
            "torch_dtype": .string(storageType),
            "text_config": .object(textObject),
            "vision_config": .object(visionObject),
        ]
        return try JSONFormat.document.data(JSON.object(object))
    }

    private var textObject: JSONObject {
        var object = text.sizeEntries
        object["model_type"] = .string("mllama_text_model")
        object["vocab_size"] = .integer(text.vocabularySize - Self.addedRows)
        object["cross_attention_layers"] = .array(crossLayers.map(JSON.integer))
        object["torch_dtype"] = .string(storageType)
        object["rope_scaling"] = text.scaling.fileValue(maxPositions: text.maxPositions)
        object["bos_token_id"] = tokens.beginning.map(JSON.integer)
        object["eos_token_id"] = tokens.end.map(JSON.integer)
        object["pad_token_id"] = tokens.padding.map(JSON.integer)
        return object
    }

    private var visionObject: JSONObject {
        [
            "model_type": .string("mllama_vision_model"),
            "hidden_act": .string("gelu"),
            "initializer_range": .number(0.02),
            "hidden_size": .integer(vision.hiddenSize),
            "attention_heads": .integer(vision.headCount),
            "intermediate_size": .integer(vision.intermediateSize),
            "num_hidden_layers": .integer(vision.layerCount),
            "num_global_layers": .integer(vision.globalLayerCount),
            "intermediate_layers_indices": .array(vision.tapIndexes.map(JSON.integer)),
            "num_channels": .integer(vision.channelCount),
            "patch_size": .integer(vision.patchSize),
            "image_size": .integer(vision.tileSize),
            "max_num_tiles": .integer(vision.tileCountMax),
            "norm_eps": .number(vision.normEpsilon),
            "supported_aspect_ratios": .array(
                vision.canvases.map { .array([.integer($0.rows), .integer($0.columns)]) }),
            "torch_dtype": .string(storageType),
            "vision_output_dim": .integer(vision.outputWidth),
        ]
    }
}
