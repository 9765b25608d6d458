// The entries of config.json that state a decoder's settings.

import MoCaSettings

extension DecoderShape {
    /// The sizes under their keys, without rotary settings.
    var sizeEntries: JSONObject {
        var object: JSONObject = [
            "attention_dropout": .number(0),
            "hidden_act": .string("silu"),
            "initializer_range": .number(0.02),
            "hidden_size": .integer(hiddenSize),
            "intermediate_size": .integer(intermediateSize),
            "num_hidden_layers": .integer(layerCount),
            "num_attention_heads": .integer(headCount),
            "num_key_value_heads": .integer(keyValueHeadCount),
            "vocab_size": .integer(vocabularySize),
            "rms_norm_eps": .number(rmsNormEpsilon),
            "rope_theta": .number(ropeTheta),
            "max_position_embeddings": .integer(maxPositions),
            "tie_word_embeddings": .bool(tieWordEmbeddings),
            "use_cache": .bool(true),
        ]
        if let statedHeadDimension { object["head_dim"] = .integer(statedHeadDimension) }
        return object
    }

    /// The entries of the flat form, which transformers 4.50 and 5.x both load.
    var flatEntries: JSONObject {
        var object = sizeEntries
        object["rope_scaling"] = .object([
            "type": .string("mrope"),
            "mrope_section": .array(mropeSection.map(JSON.integer)),
        ])
        object["use_sliding_window"] = .bool(false)
        return object
    }
}

extension VisionTokens {
    /// The ids that images need, under their keys.
    var imageEntries: JSONObject {
        var object: JSONObject = [
            "image_token_id": .integer(Int(image)),
            "video_token_id": .integer(Int(video)),
            "vision_start_token_id": .integer(Int(visionStart)),
            "vision_end_token_id": .integer(Int(visionEnd)),
        ]
        object["vision_token_id"] = visionPad.map { .integer(Int($0)) }
        return object
    }

    /// The ids of the ends of texts, under their keys.
    var textEntries: JSONObject {
        var object: JSONObject = [:]
        object["bos_token_id"] = beginning.map { .integer(Int($0)) }
        object["eos_token_id"] = end.map { .integer(Int($0)) }
        return object
    }
}

extension JSONObject {
    /// Adds the entries of another object; they replace those of equal keys.
    mutating func merge(_ other: JSONObject) {
        for (key, value) in other { self[key] = value }
    }
}
