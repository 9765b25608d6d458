// What `scores.json` says about how vectors were computed.

import MoCaCore
import MoCaVectors

extension VectorConditions {
    /// The conditions as settings of an evaluation: `prompt.ROLE` has each template's text,
    /// `prompts_digest` a digest of them all.
    var settings: [String: SettingValue] {
        var settings: [String: SettingValue] = [
            "program": .text(program), "libtorch": .text(libtorch), "device": .text(device),
            "dtype": .text(dtype), "threads": .integer(threads),
            "batch_tokens": .integer(batchTokens), "attention": .text(attention.rawValue),
            "pooling": .text(pooling.rawValue), "normalize": .bool(isNormalized),
            "dimensions": .integer(dimensions), "fingerprint": .text(model),
            "prompts": .bool(!prompts.isEmpty), "prompts_digest": .text(promptsDigest),
        ]
        settings["device_model"] = deviceModel.map(SettingValue.text)
        settings["min_pixels"] = minPixels.map(SettingValue.integer)
        settings["max_pixels"] = maxPixels.map(SettingValue.integer)
        settings["max_length"] = maxLength.map(SettingValue.integer)
        settings["truncation"] = (truncation?.rawValue).map(SettingValue.text)
        for (role, template) in prompts { settings["prompt.\(role)"] = .text(template) }
        return settings
    }
}
