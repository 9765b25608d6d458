// The pre-tokenization of Qwen2 and Llama 3: the words that merges never cross.
//
//     (?i:'s|'t|'re|'ve|'m|'ll|'d) | [^\r\n\p{L}\p{N}]?\p{L}+ | \p{N}{1,n}
//     | ?[^\s\p{L}\p{N}]+[\r\n]* | \s*[\r\n]+ | \s+(?!\S) | \s+
//
// The first alternative that matches wins, and one of them matches at every scalar, so the
// expression is a state machine that never looks back.

/// Finds word boundaries in UTF-8 text.
struct SplitRule {
    /// The number of numeric characters that a word may have, which differs between models.
    enum Numbers: Int, Sendable, CaseIterable {
        /// Qwen2: each is a word.
        case single = 1
        /// Llama 3.
        case upToThree = 3

        /// The regular expression that `tokenizer.json` contains.
        var pattern: String {
            let repetition = self == .single ? "" : "{1,\(rawValue)}"
            return #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"# + repetition
                + #"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
        }
    }

    private typealias Class = UnicodeTables.Class

    private let classes = UnicodeTables.classes
    private let base: UnsafePointer<UInt8>
    private let end: Int
    private let numbers: Numbers

    /// Creates a rule for the `end` bytes at `base`, which must be valid UTF-8.
    init(_ base: UnsafePointer<UInt8>, end: Int, numbers: Numbers) {
        self.base = base
        self.end = end
        self.numbers = numbers
    }

    /// The class of the scalar at `at`, and its length in bytes.
    @inline(__always)
    private func classify(_ at: Int) -> (kind: UInt8, count: Int) {
        let byte = base[at]
        if byte < 0x80 { return (classes[Int(byte)] & Class.mask, 1) }
        let (scalar, count) = UTF8Cursor.decode(base + at)
        return (classes[Int(scalar)] & Class.mask, count)
    }

    /// The end of the word that starts at `start`, which must be before the end of the text.
    @inline(__always)
    func wordEnd(_ start: Int) -> Int {
        let (kind, count) = classify(start)
        let next = start &+ count
        switch kind {
        case Class.letter: return lettersEnd(next)
        case Class.number: return numbers == .single ? next : numbersEnd(next)
        case Class.lineEnd: return spaceEnd(start)
        default: break
        }
        if base[start] == UInt8(ascii: "'"), let end = contractionEnd(next) { return end }
        guard next < end else { return next }
        let (nextKind, nextCount) = classify(next)
        if nextKind == Class.letter { return lettersEnd(next &+ nextCount) }
        if kind == Class.other { return symbolsEnd(next) }
        if base[start] == 0x20, nextKind == Class.other { return symbolsEnd(next &+ nextCount) }
        return spaceEnd(start)
    }

    /// The end of a match of `\p{L}*`.
    @inline(__always)
    private func lettersEnd(_ start: Int) -> Int {
        var at = start
        while at < end {
            let (kind, count) = classify(at)
            guard kind == Class.letter else { break }
            at = at &+ count
        }
        return at
    }

    /// The end of a word of numeric characters, after its first one.
    private func numbersEnd(_ start: Int) -> Int {
        var at = start
        for _ in 1..<numbers.rawValue where at < end {
            let (kind, count) = classify(at)
            guard kind == Class.number else { break }
            at = at &+ count
        }
        return at
    }

    /// The end of a match of `[^\s\p{L}\p{N}]*[\r\n]*`.
    private func symbolsEnd(_ start: Int) -> Int {
        var at = start
        while at < end {
            let (kind, count) = classify(at)
            guard kind == Class.other else { break }
            at = at &+ count
        }
        while at < end, base[at] == 0x0A || base[at] == 0x0D { at = at &+ 1 }
        return at
    }

    /// The end of a match of `\s*[\r\n]+|\s+(?!\S)|\s+`: the last line end of the run of spaces,
    /// else the end of the text, else all but the last space, else one space.
    private func spaceEnd(_ start: Int) -> Int {
        var at = start
        var afterLineEnd = 0
        var last = start
        while at < end {
            let (kind, count) = classify(at)
            guard kind == Class.space || kind == Class.lineEnd else { break }
            last = at
            at = at &+ count
            if kind == Class.lineEnd { afterLineEnd = at }
        }
        if afterLineEnd > 0 { return afterLineEnd }
        if at == end || last == start { return at }
        return last
    }

    /// The end of a case-insensitive match of `s`, `t`, `re`, `ve`, `m`, `ll` or `d` at `at`, after
    /// an apostrophe. The long s (U+017F) matches `s`.
    private func contractionEnd(_ at: Int) -> Int? {
        guard at < end else { return nil }
        let first = base[at] | 0x20
        switch first {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return at + 1
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return isLetter(at + 1, UInt8(ascii: "e")) ? at + 2 : nil
        case UInt8(ascii: "l"):
            return isLetter(at + 1, UInt8(ascii: "l")) ? at + 2 : nil
        default:
            let isLongS = base[at] == 0xC5 && at + 1 < end && base[at + 1] == 0xBF
            return isLongS ? at + 2 : nil
        }
    }

    /// Whether the ASCII letter `lower`, in either case, is at `at`.
    private func isLetter(_ at: Int, _ lower: UInt8) -> Bool {
        at < end && base[at] | 0x20 == lower
    }
}
