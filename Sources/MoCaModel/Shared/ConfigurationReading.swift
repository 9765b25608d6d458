// Reading of what config.json states in all forms in use: flat or nested (`text_config`); type as
// `torch_dtype` or `dtype`; ids of special tokens. Settings that no model implements are refused by
// name.

import Foundation
import MoCaSettings

/// The sections of a `config.json`, and the settings that do not depend on the family.
struct ConfigurationReading {
    /// The whole file.
    let root: Section
    /// The section of the language model, which is the whole file in the flat form.
    let text: Section

    init(_ root: Section, modelType: String) {
        self.root = root
        Self.checkKind(root, modelType)
        text = root.optionalSection("text_config") ?? root
    }

    /// Reads a whole file.
    ///
    /// - Parameter body: reads the configuration; problems are added to the context of its sections.
    /// - Throws: `ModelError.notJSON`, or `.badConfiguration` with everything that is wrong.
    static func read<Configuration>(
        _ data: Data, file: String, modelType: String,
        _ body: (ConfigurationReading) -> Configuration
    ) throws(ModelError) -> Configuration {
        let section = try Section(modelFile: data, file: file)
        let configuration = body(ConfigurationReading(section, modelType: modelType))
        let problems = section.context.problems
        if !problems.isEmpty { throw .badConfiguration(file: file, problems: problems) }
        return configuration
    }

    private static func checkKind(_ root: Section, _ expected: String) {
        switch root.optionalString("model_type") {
        case nil: root.context.add("model_type", "is missing, must be \"\(expected)\"")
        case expected: break
        case let other?: root.context.add("model_type", "is \"\(other)\", must be \"\(expected)\"")
        }
        if let section = root.optionalSection("quantization_config") {
            let method = section.optionalString("quant_method") ?? "unknown"
            root.context.add(
                "quantization_config", "is there (\(method)): quantised weights cannot be read")
        }
    }

    /// Whether input and output embeddings are one matrix; nil if the file does not say. Newer
    /// transformers write it at one of two keys; false is a default at both.
    func tie() -> Bool? {
        let found = [root, text].compactMap { section in
            section["tie_word_embeddings"] == nil
                ? nil : section.bool("tie_word_embeddings", default: false)
        }
        return found.isEmpty ? nil : found.contains(true)
    }

    /// The declared type of the stored weights.
    func storageType() -> String {
        let known = ["float32", "bfloat16", "float16"]
        for (section, key) in [
            (root, "dtype"), (root, "torch_dtype"), (text, "dtype"), (text, "torch_dtype"),
        ] {
            guard let name = section.optionalString(key) else { continue }
            let short = name.replacingOccurrences(of: "torch.", with: "")
            if !known.contains(short) {
                root.context.add(
                    section.keyPath(key), "is \"\(name)\", must be float32, bfloat16 or float16")
            }
            return short
        }
        return "float32"
    }

    /// The section of the vision tower. If it is missing, its keys are not reported one by one.
    func vision() -> Section {
        let key = "vision_config"
        if !root.has(key) { root.add(key, "is missing, must be an object") }
        return root.optionalSection(key) ?? Section(nil, path: key, SettingsContext(.json))
    }

    /// The ids of special tokens, which must be in the vocabulary.
    func tokens(vocabularySize: Int) -> VisionTokens {
        let context = root.context
        func optional(_ key: String) -> Int32? {
            let found = root[key] == nil ? text : root
            // A list of end tokens: the first is written back.
            if case .array(let items)? = found[key], case .integer(let first)? = items.first {
                return Int32(clamping: first)
            }
            return found.optionalInteger(key).map { Int32(clamping: $0) }
        }
        func required(_ key: String) -> Int32 {
            let section = root[key] == nil && text[key] != nil ? text : root
            let value = section.integer(key)
            context.require(
                section.keyPath(key), text.keyPath("vocab_size"),
                reason: "is \(value), must be in 0 ..< \(vocabularySize), the vocabulary",
                if: { (0..<vocabularySize).contains(value) })
            return Int32(clamping: value)
        }
        let tokens = VisionTokens(
            image: required("image_token_id"), video: required("video_token_id"),
            visionStart: required("vision_start_token_id"),
            visionEnd: required("vision_end_token_id"), visionPad: optional("vision_token_id"),
            beginning: optional("bos_token_id"), end: optional("eos_token_id"))
        let four = [tokens.image, tokens.video, tokens.visionStart, tokens.visionEnd]
        context.require(
            "image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id",
            reason: "and the ids of video, vision start and vision end must be four different ones",
            if: { Set(four).count == four.count })
        return tokens
    }

    /// Checks that the vision tower's tokens are as wide as the language model.
    func requireWidth(_ width: Int, at key: String, of shape: DecoderShape) {
        root.context.require(
            "vision_config.\(key)", text.keyPath("hidden_size"),
            reason: "is \(width), must be the language model's \(shape.hiddenSize)",
            if: { root["vision_config"] == nil || width == shape.hiddenSize })
    }
}

extension Section {
    /// Reports an activation that is not computed; `fallback` is that of files that do not say.
    func checkActivation(_ expected: String, default fallback: String? = nil) {
        let name = optionalString("hidden_act") ?? fallback ?? expected
        if name != expected {
            context.add(keyPath("hidden_act"), "is \"\(name)\": only \(expected) is computed")
        }
    }

    /// Reports rotary settings of a vision tower that are not computed.
    func checkVisionRotary() {
        guard let rotary = optionalSection("rope_parameters") else { return }
        let theta = rotary.number("rope_theta", default: RotaryTable.visionBase)
        let base = RotaryTable.visionBase
        if theta != base {
            context.add(rotary.keyPath("rope_theta"), "is \(theta): only \(base) is computed")
        }
    }

    /// The number of channels of an image. Both spellings are written; transformers only reads the
    /// first.
    func channelCount() -> Int {
        count(self["in_channels"] == nil ? "in_chans" : "in_channels", default: 3)
    }
}
