// The last stage of encoding: tokens before and after those of the text.

import MoCaSettings

/// `post_processor` of `tokenizer.json`: the special tokens around a single text.
struct SpecialTokenTemplate: Sendable {
    /// The ids before the text.
    private(set) var prefix: [Int32] = []
    /// The ids after the text.
    private(set) var suffix: [Int32] = []
}

extension SpecialTokenTemplate {
    private enum Kind: String, CaseIterable {
        case byteLevel = "ByteLevel"
        case template = "TemplateProcessing"
    }

    /// Reads the stage; reports what is not supported. The template of pairs is not used.
    init(_ file: Section) {
        var templates = 0
        for step in StageReader.steps(of: file, "post_processor", list: "processors") {
            switch StageReader.kind(step, Kind.self) {
            case .byteLevel:
                // It changes offsets only.
                for key in ["add_prefix_space", "trim_offsets", "use_regex"] { _ = step[key] }
            case .template:
                templates += 1
                read(step)
                // The library applies the template of pairs to what the first one returns.
                if templates > 1 { step.addHere("is a second template, must be one") }
            case nil: break
            }
        }
    }

    private mutating func read(_ step: Section) {
        _ = step["pair"]
        let tokens = step["special_tokens"]
        guard let pieces = step.list("single", "a list of pieces", { $0.object }) else {
            step.add("single", "is missing, must be a list of pieces")
            return
        }
        var texts = 0
        for piece in pieces {
            if piece["Sequence"]?["id"] == .string("A") {
                texts += 1
            } else if let name = piece["SpecialToken"]?["id"]?.string {
                let ids = Self.ids(tokens?[name], name, step)
                if texts == 0 { prefix += ids } else { suffix += ids }
            } else {
                let summary = JSON.object(piece).summary
                step.add("single", "has \(summary), must be a special token or Sequence A")
            }
        }
        if texts != 1 { step.add("single", "has the text \(texts) times, must have it once") }
    }

    /// The ids of an entry of `special_tokens`.
    private static func ids(_ token: JSON?, _ name: String, _ step: Section) -> [Int32] {
        let listed = token?["ids"]?.array ?? []
        let ids = listed.compactMap { $0.integer.flatMap { Int32(exactly: $0) } }
        if listed.isEmpty || ids.count != listed.count {
            step.add("special_tokens", "has no ids of \(JSON.quoted(name))")
        }
        return ids
    }
}
