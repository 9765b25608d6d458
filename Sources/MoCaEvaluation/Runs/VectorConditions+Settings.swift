// The settings of `scores.json` that describe how vectors were computed.

import MoCaCore
import MoCaSettings
import MoCaVectors

extension VectorConditions {
    /// The conditions as settings of an evaluation: `prompt.ROLE` is each template's text,
    /// `prompts_digest` a digest of all templates. Embeddings of several vectors have no pooling:
    /// they are compared by the sum of maxima.
    var settings: [String: JSON] {
        var settings: [String: JSON] = [
            "program": .string(program), "libtorch": .string(libtorch), "device": .string(device),
            "dtype": .string(dtype), "threads": .integer(threads),
            "batch_tokens": .integer(batchTokens), "attention": .string(attention.rawValue),
            "pooling": .string(tokenVectors == nil ? pooling.rawValue : "multi-vector (MaxSim)"),
            "normalize": .bool(isNormalized),
            "dimensions": .integer(dimensions), "fingerprint": .string(model),
            "prompts": .bool(!prompts.isEmpty), "prompts_digest": .string(promptsDigest),
        ]
        settings["embedder"] = embedder.map(JSON.string)
        settings["device_model"] = deviceModel.map(JSON.string)
        settings["orientation"] = orientation.map { .string($0.rawValue) }
        settings["min_pixels"] = minPixels.map(JSON.integer)
        settings["max_pixels"] = maxPixels.map(JSON.integer)
        settings["max_length"] = maxLength.map(JSON.integer)
        settings["truncation"] = (truncation?.rawValue).map(JSON.string)
        for (role, template) in prompts { settings["prompt.\(role)"] = .string(template) }
        return settings
    }
}
