// From tokens to text.

import MoCaSettings

/// `decoder` of `tokenizer.json`: steps from the tokens, spelled as in the file, to text.
struct TokenDecoder: Sendable {
    /// One change of a list of texts, which are the tokens at first.
    enum Step: Sendable, Equatable {
        /// Joins the texts, spelled in the byte alphabet.
        case byteLevel
        /// Replaces each occurrence of a pattern.
        case replace(pattern: [UInt8], content: [UInt8])
        /// Replaces runs of texts such as `<0x0A>` by their bytes, or by one U+FFFD for each if
        /// they are not valid UTF-8.
        case byteFallback
        /// Joins the texts.
        case fuse
        /// Removes a scalar at most `start` times before and `stop` times after each text.
        case strip(scalar: [UInt8], start: Int, stop: Int)
        /// Replaces marks by spaces; those of the first text are removed if `trimsFirst`.
        case metaspace(mark: [UInt8], trimsFirst: Bool)
    }

    /// The steps; none joins the tokens by spaces.
    let steps: [Step]

    /// The text of tokens. Bytes that are not valid UTF-8 become U+FFFD.
    func text(_ tokens: [ArraySlice<UInt8>]) -> String {
        if steps == [.byteLevel] { return Self.byteLevelText(tokens) }
        if steps.isEmpty {
            return String(decoding: Array(tokens.joined(separator: [0x20])), as: UTF8.self)
        }
        let texts = steps.reduce(tokens) { Self.apply($1, to: $0) }
        return String(decoding: Array(texts.joined()), as: UTF8.self)
    }

    private static func apply(_ step: Step, to texts: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
        switch step {
        case .byteLevel:
            return [ArraySlice(byteLevelText(texts).utf8)]
        case .replace(let pattern, let content):
            return texts.map {
                $0.isEmpty
                    ? $0 : Array($0).replacingOccurrences(ofBytes: pattern, with: content)[...]
            }
        case .byteFallback:
            return joiningBytes(texts)
        case .fuse:
            return [ArraySlice(texts.joined())]
        case .strip(let scalar, let start, let stop):
            return texts.map { stripping(scalar, from: $0, start: start, stop: stop) }
        case .metaspace(let mark, let trimsFirst):
            return texts.enumerated().map { i, text in
                Array(text).replacingOccurrences(
                    ofBytes: mark, with: i == 0 && trimsFirst ? [] : [0x20])[...]
            }
        }
    }

    private static func byteLevelText(_ texts: [ArraySlice<UInt8>]) -> String {
        var bytes: [UInt8] = []
        for text in texts { ByteAlphabet.appendBytes(of: text, to: &bytes) }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func joiningBytes(_ texts: [ArraySlice<UInt8>]) -> [ArraySlice<UInt8>] {
        var out: [ArraySlice<UInt8>] = []
        var bytes: [UInt8] = []
        func flush() {
            guard !bytes.isEmpty else { return }
            if String(validating: bytes, as: UTF8.self) != nil {
                out.append(bytes[...])
            } else {
                out += bytes.map { _ in ArraySlice("\u{FFFD}".utf8) }
            }
            bytes.removeAll()
        }
        for text in texts {
            if let byte = byte(of: text) {
                bytes.append(byte)
            } else {
                flush()
                out.append(text)
            }
        }
        flush()
        return out
    }

    /// The byte of a text such as `<0x0A>`. As in the library, digits have either case, and a plus
    /// sign may stand for the first one.
    private static func byte(of text: ArraySlice<UInt8>) -> UInt8? {
        guard text.count == 6, text.starts(with: "<0x".utf8), text.last == UInt8(ascii: ">") else {
            return nil
        }
        return UInt8(String(decoding: text.dropFirst(3).dropLast(), as: UTF8.self), radix: 16)
    }

    private static func stripping(
        _ scalar: [UInt8], from text: ArraySlice<UInt8>, start: Int, stop: Int
    ) -> ArraySlice<UInt8> {
        var text = text
        var (before, after) = (start, stop)
        while before > 0, text.starts(with: scalar) {
            text = text.dropFirst(scalar.count)
            before -= 1
        }
        while after > 0, text.suffix(scalar.count).elementsEqual(scalar) {
            text = text.dropLast(scalar.count)
            after -= 1
        }
        return text
    }
}

extension TokenDecoder {
    private enum Kind: String, CaseIterable {
        case byteLevel = "ByteLevel"
        case replace = "Replace"
        case byteFallback = "ByteFallback"
        case fuse = "Fuse"
        case strip = "Strip"
        case metaspace = "Metaspace"
    }

    /// Reads the stage; reports what is not supported.
    init(_ file: Section) {
        steps = StageReader.steps(of: file, "decoder", list: "decoders").compactMap { step in
            StageReader.kind(step, Kind.self).map { Self.step($0, step) }
        }
    }

    private static func step(_ kind: Kind, _ step: Section) -> Step {
        switch kind {
        case .byteLevel:
            for key in ["add_prefix_space", "trim_offsets", "use_regex"] { _ = step[key] }
            return .byteLevel
        case .replace:
            return .replace(
                pattern: StageReader.literal(step, "pattern"),
                content: Array(StageReader.string(step, "content").utf8))
        case .byteFallback: return .byteFallback
        case .fuse: return .fuse
        case .strip:
            return .strip(
                scalar: StageReader.scalar(step, "content"),
                start: step.integer("start", in: 0...Int.max),
                stop: step.integer("stop", in: 0...Int.max))
        case .metaspace:
            let metaspace = Metaspace(step)
            return .metaspace(mark: metaspace.mark, trimsFirst: metaspace.scheme != .never)
        }
    }
}
