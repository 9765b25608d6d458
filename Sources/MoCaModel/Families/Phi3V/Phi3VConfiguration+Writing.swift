// Writes config.json in the form of the released models, which their own code reads.

package import Foundation
import MoCaSettings

extension Phi3VConfiguration {
    /// The bytes of a flat `config.json` with sorted keys, unique for each configuration.
    package func fileData() throws -> Data {
        var object = text.sizeEntries
        for (key, id) in specialTokens { object[key] = .integer(id) }
        object["architectures"] = .array([.string(Self.architectures[0])])
        object["model_type"] = .string(Self.modelType)
        object["torch_dtype"] = .string(storageType)
        object["auto_map"] = .object([
            "AutoConfig": .string("configuration_phi3_v.Phi3VConfig"),
            "AutoModelForCausalLM": .string("modeling_phi3_v.Phi3VForCausalLM"),
        ])
        object["embd_pdrop"] = .number(0)
        object["resid_pdrop"] = .number(0)
        object["rope_scaling"] = text.scaling.fileValue(maxPositions: text.maxPositions)
        if case .longRope(let scaling) = text.scaling {
            object["original_max_position_embeddings"] = .integer(scaling.originalPositions)
        }
        object["embd_layer"] = .object([
            "embedding_cls": .string("image"),
            "hd_transform_order": .string("sub_glb"),
            "projection_cls": .string("mlp"),
            "use_hd_transform": .bool(true),
            "with_learnable_separator": .bool(true),
        ])
        object["img_processor"] = .object([
            "image_dim_out": .integer(vision.hiddenSize),
            "layer_idx": .integer(vision.usedLayerCount - vision.layerCount - 1),
            "model_name": .string("openai/clip-vit-large-patch14-336"),
            "name": .string("clip_vision_model"),
            "num_hidden_layers": .integer(vision.layerCount),
            "num_img_tokens": .integer(vision.patchCount / 4),
        ])
        return try JSONFormat.document.data(JSON.object(object))
    }
}
