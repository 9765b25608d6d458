// The second stage: from text to the words that merges never cross.

import MoCaSettings

/// `pre_tokenizer` of `tokenizer.json`.
enum Splitter: Sendable {
    /// The regular expression of Qwen2 or Llama 3, then bytes: byte-level models.
    case pattern(SplitRule.Numbers)
    /// Marks of spaces.
    case metaspace(Metaspace)
    /// The whole text is one word.
    case whole

    /// Whether the model's tokens are spelled in the byte alphabet.
    var isByteLevel: Bool {
        if case .pattern = self { true } else { false }
    }

    /// Whether words depend on where in the input a text stands.
    var dependsOnStart: Bool {
        if case .metaspace(let metaspace) = self { metaspace.scheme == .first } else { false }
    }
}

extension Splitter {
    private enum Kind: String, CaseIterable {
        case split = "Split"
        case byteLevel = "ByteLevel"
        case metaspace = "Metaspace"
    }

    /// Reads the stage; reports what is not supported.
    init(_ file: Section) {
        let steps = StageReader.steps(of: file, "pre_tokenizer", list: "pretokenizers")
        let kinds = steps.map { StageReader.kind($0, Kind.self) }
        switch kinds {
        case []: self = .whole
        case [.metaspace]: self = .metaspace(Metaspace(steps[0]))
        case [.split, .byteLevel]: self = .pattern(Self.numbers(steps[0], steps[1]))
        default:
            self = .whole
            guard !kinds.contains(nil) else { return }
            let types = kinds.compactMap { $0?.rawValue }.joined(separator: ", ")
            file.add(
                "pre_tokenizer",
                "is \(types), must be null, Metaspace, or a Sequence of Split and ByteLevel")
        }
    }

    private static func numbers(_ split: Section, _ byteLevel: Section) -> SplitRule.Numbers {
        StageReader.require(split, "behavior", .string("Isolated"), default: nil)
        StageReader.require(split, "invert", .bool(false), default: .bool(false))
        for key in ["add_prefix_space", "use_regex"] {
            StageReader.require(byteLevel, key, .bool(false), default: .bool(true))
        }
        _ = byteLevel["trim_offsets"]
        let pattern = split.section("pattern")
        let regex = pattern.optionalString("Regex")
        if let known = SplitRule.Numbers.allCases.first(where: { $0.pattern == regex }) {
            return known
        }
        split.add(
            "pattern",
            "is \(split["pattern"]?.summary ?? "missing"), must be that of Qwen2 or Llama 3")
        return .single
    }
}
