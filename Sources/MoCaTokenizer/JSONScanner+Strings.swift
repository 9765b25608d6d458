// The text of JSON strings, escapes resolved.

extension JSONScanner {
    /// The string of `text`; throws if it is not UTF-8 or holds a wrong escape.
    func string(_ text: Text) throws -> String {
        let inside = text.hasEscapes ? try unescaped(text) : Array(bytes[text.start..<text.end])
        guard let string = String(validating: inside, as: UTF8.self) else {
            throw malformed("a string that is not UTF-8", at: text.start)
        }
        return string
    }

    /// Whether the string is `word`, spelled without escapes.
    func isEqual(_ text: Text, _ word: StaticString) -> Bool {
        guard text.end - text.start == word.utf8CodeUnitCount else { return false }
        for i in 0..<word.utf8CodeUnitCount where bytes[text.start + i] != word.utf8Start[i] {
            return false
        }
        return true
    }

    /// The UTF-8 bytes of a string with escapes.
    func unescaped(_ text: Text) throws -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(text.end - text.start)
        var at = text.start
        while at < text.end {
            let byte = bytes[at]
            at += 1
            guard byte == UInt8(ascii: "\\") else {
                out.append(byte)
                continue
            }
            let kind = bytes[at]
            at += 1
            if kind == UInt8(ascii: "u") {
                let scalar = try escapedScalar(&at, end: text.end)
                out.append(contentsOf: String(Character(scalar)).utf8)
            } else if let plain = Self.escapes[kind] {
                out.append(plain)
            } else {
                throw malformed("an unknown escape", at: at - 1)
            }
        }
        return out
    }

    private static let escapes: [UInt8: UInt8] = [
        0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D,
        0x74: 0x09,
    ]

    /// The scalar of `\uXXXX`, or of two of them that are a surrogate pair; `at` is after the `u`.
    private func escapedScalar(_ at: inout Int, end: Int) throws -> UnicodeScalar {
        let first = try hexadecimal(&at, end: end)
        if let scalar = UnicodeScalar(first) { return scalar }
        guard first < 0xDC00, at + 6 <= end, bytes[at] == UInt8(ascii: "\\"),
            bytes[at + 1] == UInt8(ascii: "u")
        else { throw malformed("half of a surrogate pair", at: at) }
        at += 2
        let second = try hexadecimal(&at, end: end)
        guard (0xDC00..<0xE000).contains(second),
            let scalar = UnicodeScalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw malformed("half of a surrogate pair", at: at) }
        return scalar
    }

    private func hexadecimal(_ at: inout Int, end: Int) throws -> UInt32 {
        guard at + 4 <= end else { throw malformed("an escape without four digits", at: at) }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard bytes[at] < 0x80, let digit = Character(UnicodeScalar(bytes[at])).hexDigitValue
            else { throw malformed("an escape without four digits", at: at) }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }
}
