// `tokenizer_config.json`: the roles of the special tokens, and the maximum input length.

import MoCaSettings

/// The settings of a tokenizer that are not in `tokenizer.json`.
package struct TokenizerConfiguration: Sendable {
    /// The tokens by attribute, such as `eos_token`.
    private var named: [String: String] = [:]
    /// The tokens of `additional_special_tokens`, in order.
    private var additional: [String] = []
    /// The maximum number of tokens that the model supports; nil if the file sets no limit.
    package let modelMaxLength: Int?

    /// The padding token.
    package var padToken: String? { named["pad_token"] }
    /// The end-of-text token.
    package var eosToken: String? { named["eos_token"] }
    /// The mask token of masked-token modelling.
    package internal(set) var maskToken: String? {
        get { named["mask_token"] }
        set { named["mask_token"] = newValue }
    }

    /// The contents of all special tokens, in the order of transformers' `all_special_tokens`.
    package var specialTokens: [String] {
        // Compared by bytes: canonically equivalent texts are different tokens.
        var seen: Set<[UInt8]> = []
        return (Self.attributes.compactMap { named[$0] } + additional).filter {
            seen.insert(Array($0.utf8)).inserted
        }
    }

    /// The attributes of transformers that name one special token, in its order.
    private static let attributes = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]
    /// The defaults of tokenizer classes for tokens that the file does not mention, by the start of
    /// the class's name.
    private static let classDefaults = [
        "Qwen2": [
            "eos_token": "<|endoftext|>", "pad_token": "<|endoftext|>",
            "unk_token": "<|endoftext|>",
        ],
        "Llama": ["bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"],
    ]

    /// Reads the parsed file; an empty object stands for a missing file.
    ///
    /// - Parameter defaultClass: the tokenizer class if the file names none.
    init(_ json: JSON, file: String, defaultClass: String? = nil) throws {
        let context = SettingsContext(.json)
        if case .object = json {} else { context.add("", "is \(json.summary), must be an object") }
        if json["split_special_tokens"] == .bool(true) {
            context.add("split_special_tokens", "is true, must be false")
        }
        let name = json["tokenizer_class"]?.string ?? defaultClass ?? ""
        let defaults = Self.classDefaults.first { name.hasPrefix($0.key) }?.value ?? [:]
        for attribute in Self.attributes {
            named[attribute] =
                json[attribute].map { Self.content($0, attribute, context) }
                ?? defaults[attribute]
        }
        let key = "additional_special_tokens"
        additional = (json[key]?.array ?? []).compactMap { Self.content($0, key, context) }
        // transformers writes 1e30 for "no limit", which is not an `Int`.
        modelMaxLength = json["model_max_length"]?.integer
        guard context.problems.isEmpty else {
            throw TokenizerError.unsupported(file: file, problems: context.problems)
        }
    }

    /// The content of a token given as a string or as an object with `content`.
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
