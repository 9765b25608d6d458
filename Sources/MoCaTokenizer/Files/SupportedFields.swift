// The supported values of the fields of `tokenizer.json`.

import MoCaSettings

/// Finds every setting with which the ids would differ from this tokenizer's.
struct SupportedFields {
    /// Collects the problems.
    let context = SettingsContext(.json)

    /// Throws if problems were found.
    ///
    /// - Throws: `TokenizerError.unsupported` with all problems.
    func finish(file: String) throws {
        guard context.problems.isEmpty else {
            throw TokenizerError.unsupported(file: file, problems: context.problems)
        }
    }

    private func refuse(_ field: String, _ found: JSON?, _ supported: String) {
        context.add(field, "is \(found?.summary ?? "missing"), must be \(supported)")
    }

    /// Checks `model`, except its vocabulary and merges.
    func check(model: JSON) {
        if let type = model["type"], type != .string("BPE") {
            refuse("model.type", type, "\"BPE\"")
        }
        if let value = model["dropout"], value != .null, value.number != 0 {
            refuse("model.dropout", value, "null")
        }
        for field in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard let value = model[field], value != .null, value.string != "" else { continue }
            refuse("model.\(field)", value, "null or \"\"")
        }
        // `unk_token` and `fuse_unk` have no effect, because the vocabulary contains all bytes.
        for field in ["byte_fallback", "ignore_merges"] {
            guard let value = model[field], value != .null, value != .bool(false) else { continue }
            refuse("model.\(field)", value, "false")
        }
    }

    /// Checks the processing stages before and after the model.
    ///
    /// - Returns: whether text is normalised to NFC.
    func check(pipeline file: JSON) -> Bool {
        let normalizers = steps(file["normalizer"], "normalizers").map { $0["type"]?.string }
        if !normalizers.isEmpty, normalizers != ["NFC"] {
            refuse("normalizer", file["normalizer"], "NFC or null")
        }
        check(preTokenizer: file["pre_tokenizer"])
        let processors = steps(file["post_processor"], "processors")
        if !processors.allSatisfy({ $0["type"]?.string == "ByteLevel" }) {
            refuse("post_processor", file["post_processor"], "ByteLevel or null")
        }
        if steps(file["decoder"], "decoders").map({ $0["type"]?.string }) != ["ByteLevel"] {
            refuse("decoder", file["decoder"], "ByteLevel")
        }
        return !normalizers.isEmpty
    }

    private func check(preTokenizer value: JSON?) {
        let steps = steps(value, "pretokenizers")
        guard steps.map({ $0["type"]?.string }) == ["Split", "ByteLevel"] else {
            return refuse("pre_tokenizer", value, "a Sequence of Split and ByteLevel")
        }
        let split = steps[0]
        if split["pattern"]?["Regex"]?.string != SplitRule.pattern {
            refuse("pre_tokenizer.Split.pattern", split["pattern"], "the pattern of Qwen2")
        }
        if split["behavior"]?.string != "Isolated" {
            refuse("pre_tokenizer.Split.behavior", split["behavior"], "\"Isolated\"")
        }
        if let invert = split["invert"], invert != .bool(false) {
            refuse("pre_tokenizer.Split.invert", invert, "false")
        }
        // A missing field means true.
        for field in ["add_prefix_space", "use_regex"] where steps[1][field] != .bool(false) {
            refuse("pre_tokenizer.ByteLevel.\(field)", steps[1][field], "false")
        }
    }

    /// The steps of a stage: those of a `Sequence`, a single one, or none.
    private func steps(_ stage: JSON?, _ field: String) -> [JSON] {
        guard let stage, stage != .null else { return [] }
        guard stage["type"]?.string == "Sequence" else { return [stage] }
        return (stage[field]?.array ?? []).flatMap { steps($0, field) }
    }
}
