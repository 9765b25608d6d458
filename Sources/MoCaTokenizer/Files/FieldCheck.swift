// Which values of the fields of `tokenizer.json` are supported.

import MoCaSettings

/// Refuses every setting that would make other ids than this tokenizer's.
struct FieldCheck {
    /// What errors call the file.
    let file: String

    private func refusal(_ field: String, _ found: JSONTree?, _ supported: String)
        -> TokenizerError
    {
        .unsupported(
            file: file, field: field, found: found?.summary ?? "nothing", supported: supported)
    }

    /// Checks `model`, its vocabulary and merges aside.
    func model(_ model: JSONTree?) throws {
        guard let model else { throw TokenizerError.missingField(file: file, field: "model") }
        if let type = model["type"], type.string != "BPE" {
            throw refusal("model.type", type, "\"BPE\"")
        }
        for field in ["dropout"] {
            guard let value = model[field], value != .null else { continue }
            if case .number(let text, _) = value, Double(text) == 0 { continue }
            throw refusal("model.\(field)", value, "null")
        }
        for field in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard let value = model[field], value != .null, value.string != "" else { continue }
            throw refusal("model.\(field)", value, "null or \"\"")
        }
        // `unk_token` and `fuse_unk` have no effect: the vocabulary has all bytes.
        for field in ["byte_fallback", "ignore_merges"] {
            guard let value = model[field], value != .null, value != .bool(false) else { continue }
            throw refusal("model.\(field)", value, "false")
        }
    }

    /// Whether `normalizer` is NFC; throws if it is neither that nor nothing.
    func usesNFC(_ normalizer: JSONTree?) throws -> Bool {
        switch steps(normalizer, "normalizers").map({ $0["type"]?.string }) {
        case []: return false
        case ["NFC"]: return true
        default: throw refusal("normalizer", normalizer, "NFC or null")
        }
    }

    /// Checks the other stages.
    func pipeline(_ file: JSONTree) throws {
        try preTokenizer(file["pre_tokenizer"])
        for step in steps(file["post_processor"], "processors")
        where step["type"]?.string != "ByteLevel" {
            throw refusal("post_processor", file["post_processor"], "ByteLevel or null")
        }
        let decoders = steps(file["decoder"], "decoders")
        guard decoders.count == 1, decoders[0]["type"]?.string == "ByteLevel" else {
            throw refusal("decoder", file["decoder"], "ByteLevel")
        }
    }

    private func preTokenizer(_ value: JSONTree?) throws {
        let steps = steps(value, "pretokenizers")
        guard steps.count == 2, steps[0]["type"]?.string == "Split",
            steps[1]["type"]?.string == "ByteLevel"
        else { throw refusal("pre_tokenizer", value, "a Sequence of Split and ByteLevel") }
        let split = steps[0]
        guard split["pattern"]?["Regex"]?.string == SplitRule.pattern else {
            throw refusal("pre_tokenizer.Split.pattern", split["pattern"], "the pattern of Qwen2")
        }
        guard split["behavior"]?.string == "Isolated" else {
            throw refusal("pre_tokenizer.Split.behavior", split["behavior"], "\"Isolated\"")
        }
        if let invert = split["invert"], invert != .bool(false) {
            throw refusal("pre_tokenizer.Split.invert", invert, "false")
        }
        // Absent, both mean true.
        for field in ["add_prefix_space", "use_regex"] where steps[1][field] != .bool(false) {
            throw refusal("pre_tokenizer.ByteLevel.\(field)", steps[1][field], "false")
        }
    }

    /// The steps of a stage: those of a `Sequence`, one, or none.
    private func steps(_ stage: JSONTree?, _ field: String) -> [JSONTree] {
        guard let stage, stage != .null else { return [] }
        guard stage["type"]?.string == "Sequence" else { return [stage] }
        return (stage[field]?.elements ?? []).flatMap { steps($0, field) }
    }
}
