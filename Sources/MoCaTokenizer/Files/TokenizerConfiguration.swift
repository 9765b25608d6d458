// `tokenizer_config.json`: what the special tokens are for, and how long an input may be.

import MoCaSettings

/// The settings of a tokenizer that are not in `tokenizer.json`.
package struct TokenizerConfiguration: Sendable {
    /// The token of each attribute that names one, as `eos_token`.
    private var named: [String: String] = [:]
    /// `additional_special_tokens`, in their order.
    private var additional: [String] = []
    /// The most tokens that the model was made for; nil where the file sets no limit.
    package let modelMaxLength: Int?

    /// The token that fills batches.
    package var padToken: String? { named["pad_token"] }
    /// The token that ends a text.
    package var eosToken: String? { named["eos_token"] }
    /// The token that hides another in masked-token modelling.
    package internal(set) var maskToken: String? {
        get { named["mask_token"] }
        set { named["mask_token"] = newValue }
    }

    /// The text of every special token, in the order of transformers' `all_special_tokens`.
    package var specialTokens: [String] {
        // Compared by bytes: canonically equivalent texts are different tokens.
        var seen: Set<[UInt8]> = []
        return (Self.attributes.compactMap { named[$0] } + additional).filter {
            seen.insert(Array($0.utf8)).inserted
        }
    }

    /// Attributes of transformers that name one special token, in its order.
    private static let attributes = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]
    /// What `Qwen2Tokenizer` takes for a token that its file does not mention.
    private static let classDefaults = [
        "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>", "unk_token": "<|endoftext|>",
    ]

    /// Reads the tree of the file; an empty object stands for a missing file.
    init(_ json: JSON, file: String) throws {
        let context = SettingsContext(.json)
        if case .object = json {} else { context.add("", "is \(json.summary), must be an object") }
        if json["split_special_tokens"] == .bool(true) {
            context.add("split_special_tokens", "is true, must be false")
        }
        let hasDefaults = (json["tokenizer_class"]?.string ?? "Qwen2").hasPrefix("Qwen2")
        for attribute in Self.attributes {
            let fallback = hasDefaults ? Self.classDefaults[attribute] : nil
            named[attribute] =
                json[attribute].map { Self.content($0, attribute, context) } ?? fallback
        }
        let key = "additional_special_tokens"
        additional = (json[key]?.array ?? []).compactMap { Self.content($0, key, context) }
        // transformers writes 1e30 for "no limit", which is no `Int`.
        modelMaxLength = json["model_max_length"]?.integer
        guard context.problems.isEmpty else {
            throw TokenizerError.unsupported(file: file, problems: context.problems)
        }
    }

    /// The text of a token that is given as a string or as an object with `content`.
    private static func content(
        _ value: JSON, _ field: String, _ context: SettingsContext
    ) -> String? {
        if value == .null { return nil }
        guard let content = value.string ?? value["content"]?.string else {
            context.add(field, "is \(value.summary), must be a token")
            return nil
        }
        return content.isEmpty ? nil : content
    }
}
