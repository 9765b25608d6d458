// Finds added tokens in text: leftmost first, then longest.

/// The added tokens to match in one form of the text, raw or normalised.
struct AddedTokenMatcher: Sendable {
    private struct Pattern: Sendable {
        let bytes: [UInt8]
        let token: AddedToken
    }

    /// A segment of a text: an added token, or the text between two of them.
    struct Piece {
        /// The range in bytes.
        let range: Range<Int>
        /// The added token; nil for plain text.
        let token: AddedToken?
    }

    /// The patterns by first byte, the longest first.
    private var patterns: [[Pattern]] = Array(repeating: [], count: 256)
    /// The first bytes of all patterns.
    private var firstBytes: [UInt8] = []
    /// Which bytes are second in a pattern: a vocabulary may have hundreds that start alike.
    private var secondBytes = [Bool](repeating: false, count: 256)
    /// Whether a pattern has one byte only.
    private var hasSingleByte = false

    /// Whether there are no patterns.
    var isEmpty: Bool { firstBytes.isEmpty }

    /// Creates a matcher of `tokens` in the form that `normalise` returns. A token with an empty
    /// form matches nothing; of equal forms, the first wins.
    init(_ tokens: [AddedToken], normalise: (String) -> [UInt8] = { Array($0.utf8) }) {
        for token in tokens {
            let bytes = normalise(token.content)
            guard let first = bytes.first else { continue }
            if patterns[Int(first)].isEmpty { firstBytes.append(first) }
            patterns[Int(first)].append(Pattern(bytes: bytes, token: token))
            if bytes.count > 1 { secondBytes[Int(bytes[1])] = true } else { hasSingleByte = true }
        }
        for first in firstBytes {
            let order = patterns[Int(first)].enumerated().sorted {
                ($1.element.bytes.count, $0.offset) < ($0.element.bytes.count, $1.offset)
            }
            patterns[Int(first)] = order.map(\.element)
        }
    }

    /// Splits `text` into added tokens and the text between them.
    ///
    /// As in the library, the search continues after a match even if `single_word` discards it, and
    /// a token that strips may include text that the next token includes again.
    func pieces(_ text: UnsafeBufferPointer<UInt8>) -> [Piece] {
        var pieces: [Piece] = []
        var plainStart = 0
        var at = 0
        while let found = firstMatch(text, from: at) {
            at = found.range.upperBound
            let token = found.token
            if token.isSingleWord, touchesWord(text, found.range) { continue }
            var start = found.range.lowerBound
            var stop = found.range.upperBound
            if token.stripsLeft { start = max(spaceStart(text, before: start), plainStart) }
            if token.stripsRight { stop = spaceEnd(text, from: stop) }
            if plainStart < start { pieces.append(Piece(range: plainStart..<start, token: nil)) }
            pieces.append(Piece(range: min(start, stop)..<stop, token: token))
            plainStart = stop
        }
        if plainStart < text.count {
            pieces.append(Piece(range: plainStart..<text.count, token: nil))
        }
        return pieces
    }

    private func firstMatch(
        _ text: UnsafeBufferPointer<UInt8>, from start: Int
    ) -> (range: Range<Int>, token: AddedToken)? {
        var at = start
        while let candidate = nextCandidate(text, from: at) {
            at = candidate + 1
            guard hasSingleByte || at < text.count && secondBytes[Int(text[at])] else { continue }
            for pattern in patterns[Int(text[candidate])] {
                let stop = candidate + pattern.bytes.count
                if stop <= text.count, text[candidate..<stop].elementsEqual(pattern.bytes) {
                    return (candidate..<stop, pattern.token)
                }
            }
        }
        return nil
    }

    /// The next byte that starts a pattern.
    private func nextCandidate(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard firstBytes.count == 1, let base = text.baseAddress else {
            return (start..<max(start, text.count)).first { !patterns[Int(text[$0])].isEmpty }
        }
        // For a single first byte (`<` in practice), compares 32 bytes at a time.
        let first = firstBytes[0]
        let wanted = SIMD32<UInt8>(repeating: first)
        var at = start
        while at + 32 <= text.count {
            let chunk = UnsafeRawPointer(base + at).loadUnaligned(as: SIMD32<UInt8>.self)
            if any(chunk .== wanted) { break }
            at += 32
        }
        while at < text.count {
            if base[at] == first { return at }
            at += 1
        }
        return nil
    }

    private func touchesWord(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Bool {
        guard let base = text.baseAddress else { return false }
        if range.lowerBound > 0 {
            let before = UTF8Cursor.decode(before: base + range.lowerBound).scalar
            if UnicodeTables.contains(before, in: UnicodeTables.words) { return true }
        }
        guard range.upperBound < text.count else { return false }
        let after = UTF8Cursor.decode(base + range.upperBound).scalar
        return UnicodeTables.contains(after, in: UnicodeTables.words)
    }

    private func spaceStart(_ text: UnsafeBufferPointer<UInt8>, before end: Int) -> Int {
        guard let base = text.baseAddress else { return end }
        var at = end
        while at > 0 {
            let (scalar, count) = UTF8Cursor.decode(before: base + at)
            guard UnicodeTables.contains(scalar, in: UnicodeTables.spaces) else { break }
            at -= count
        }
        return at
    }

    private func spaceEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        guard let base = text.baseAddress else { return start }
        var at = start
        while at < text.count {
            let (scalar, count) = UTF8Cursor.decode(base + at)
            guard UnicodeTables.contains(scalar, in: UnicodeTables.spaces) else { break }
            at += count
        }
        return at
    }
}
