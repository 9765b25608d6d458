// SentencePiece's spaces: a visible mark in the place of each space and at the start of a text.

import MoCaSettings

/// The pre-tokenizer `Metaspace`.
struct Metaspace: Sendable {
    /// The texts that a mark is put before, unless they start with one.
    enum PrependScheme: String, Sendable, CaseIterable {
        /// The text at the start of the input, but none after an added token.
        case first
        /// Every text, those between added tokens too.
        case always
        case never
    }

    /// The UTF-8 of the mark, which is one scalar.
    let mark: [UInt8]
    /// The texts that a mark is put before.
    let scheme: PrependScheme
    /// Whether each mark starts a word; otherwise the whole text is one.
    let splits: Bool

    /// The text with its marks.
    ///
    /// - Parameter isFirst: whether the text is at the start of the input.
    func marked(_ text: UnsafeBufferPointer<UInt8>, isFirst: Bool) -> [UInt8] {
        let isPrepended =
            switch scheme {
            case .first: isFirst
            case .always: true
            case .never: false
            }
        var out: [UInt8] = []
        out.reserveCapacity(text.count + text.count / 2 + mark.count)
        if isPrepended, text.first != 0x20, !text.starts(with: mark) {
            out.append(contentsOf: mark)
        }
        for byte in text {
            if byte == 0x20 { out.append(contentsOf: mark) } else { out.append(byte) }
        }
        return out
    }
}

extension Metaspace {
    /// Reads the step; reports what is not supported.
    init(_ step: Section) {
        mark = StageReader.scalar(step, "replacement")
        splits = step.bool("split", default: true)
        _ = step["str_rep"]
        let scheme: PrependScheme = step.choice("prepend_scheme", default: .always)
        // Files of older versions have this key, which must agree with `prepend_scheme`.
        if !step.bool("add_prefix_space", default: true), scheme != .never {
            step.add(
                "add_prefix_space", "is false, must be true with the prepend_scheme \"\(scheme)\"")
        }
        self.scheme = scheme
    }
}
