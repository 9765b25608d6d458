// Signs that a text was read or written in the wrong encoding.

/// A type of damage.
package enum TextDamage: String, Sendable, Hashable, CaseIterable {
    case replacement, nul, control, mojibake, surrogate

    /// The name of the damage in findings.
    package var title: String {
        switch self {
        case .replacement: "replacement characters (U+FFFD)"
        case .nul: "NUL characters"
        case .control: "control characters"
        case .mojibake: "UTF-8 that was read as Windows-1252"
        case .surrogate: "escapes of half a surrogate pair"
        }
    }

    /// A type of damage and its number of occurrences.
    package struct Count: Sendable, Hashable {
        package var damage: TextDamage
        package var count: Int
        /// The characters around the first occurrence.
        package var excerpt: String
    }

    /// The types of damage in a text.
    package static func found(in text: String) -> [Count] {
        // Fast path for plain ASCII without control characters and backslashes.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 < 0x7f && $0 != 0x5c || $0 == 0x0a }) {
            return []
        }
        let scalars = Array(text.unicodeScalars)
        var counts: [TextDamage: (count: Int, first: Int)] = [:]
        var position = 0
        while position < scalars.count {
            let (damage, length) = at(position, in: scalars)
            if let damage {
                counts[damage, default: (0, position)].count += 1
            }
            position += length
        }
        return allCases.compactMap { damage in
            guard let (count, first) = counts[damage] else { return nil }
            let range = max(0, first - 12)..<min(scalars.count, first + 13)
            return Count(damage: damage, count: count, excerpt: excerpt(scalars[range]))
        }
    }

    private static func at(
        _ position: Int, in scalars: [Unicode.Scalar]
    ) -> (TextDamage?, length: Int) {
        switch scalars[position].value {
        case 0: return (.nul, 1)
        case 9, 10, 13: return (nil, 1)
        case 0xfffd: return (.replacement, 1)
        case 0x5c: return surrogateEscape(position, scalars)
        case ..<0x80:
            return (
                scalars[position].value < 0x20 || scalars[position] == "\u{7f}"
                    ? .control : nil, 1
            )
        default:
            if let length = mojibake(position, scalars) { return (.mojibake, length) }
            return ((0x80..<0xa0).contains(scalars[position].value) ? .control : nil, 1)
        }
    }

    // MARK: Mojibake

    /// The length of a run of characters whose Windows-1252 bytes are one UTF-8 character, or nil.
    /// Two-byte leads count only for common scripts (Latin-1, Greek, Cyrillic).
    private static func mojibake(_ position: Int, _ scalars: [Unicode.Scalar]) -> Int? {
        let following: Int
        switch scalars[position].value {
        case 0xc2, 0xc3, 0xce, 0xcf, 0xd0, 0xd1: following = 1
        case 0xe0...0xef: following = 2
        case 0xf0...0xf4: following = 3
        default: return nil
        }
        guard position + following < scalars.count,
            scalars[(position + 1)...(position + following)].allSatisfy(isContinuation)
        else { return nil }
        return following + 1
    }

    /// The Windows-1252 characters of the bytes 0x80 to 0x9f.
    private static let upperControls = Set(
        "\u{20ac}\u{201a}\u{192}\u{201e}\u{2026}\u{2020}\u{2021}\u{2c6}\u{2030}\u{160}\u{2039}\u{152}\u{17d}\u{2018}\u{2019}\u{201c}\u{201d}\u{2022}\u{2013}\u{2014}\u{2dc}\u{2122}\u{161}\u{203a}\u{153}\u{17e}\u{178}"
            .unicodeScalars)

    private static func isContinuation(_ scalar: Unicode.Scalar) -> Bool {
        (0x80...0xbf).contains(scalar.value) || upperControls.contains(scalar)
    }

    // MARK: Escapes

    /// Finds `\ud83d` and the like, as text, unless it is half of a pair of escapes.
    private static func surrogateEscape(
        _ position: Int, _ scalars: [Unicode.Scalar]
    ) -> (TextDamage?, length: Int) {
        guard let first = escape(position, scalars), (0xd800...0xdfff).contains(first) else {
            return (nil, 1)
        }
        if first < 0xdc00, let second = escape(position + 6, scalars),
            (0xdc00...0xdfff).contains(second)
        {
            return (nil, 12)
        }
        return (.surrogate, 6)
    }

    private static func escape(_ position: Int, _ scalars: [Unicode.Scalar]) -> UInt32? {
        guard position + 6 <= scalars.count, scalars[position] == "\\",
            scalars[position + 1] == "u"
        else { return nil }
        var value: UInt32 = 0
        for scalar in scalars[position + 2..<position + 6] {
            guard scalar.isASCII, let digit = Character(scalar).hexDigitValue else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    private static func excerpt(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        scalars.map { $0.value < 0x20 || $0 == "\u{7f}" ? " " : String($0) }.joined()
    }
}
