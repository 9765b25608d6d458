// Decoding of JSON strings and their escapes.

extension JSONScanner {
    /// Consumes a string.
    package mutating func string() throws -> String {
        try string(text())
    }

    /// The string of `text`; throws if it is not UTF-8 or contains an invalid escape.
    package func string(_ text: Text) throws -> String {
        let string =
            text.hasEscapes
            ? String(validating: try unescaped(text), as: UTF8.self)
            : String(validating: bytes[text.start..<text.end], as: UTF8.self)
        guard let string else { throw fault("the text is not UTF-8", at: text.start) }
        return string
    }

    /// Whether the string is `word`, without escapes.
    package func isEqual(_ text: Text, _ word: StaticString) -> Bool {
        guard text.end - text.start == word.utf8CodeUnitCount else { return false }
        for index in 0..<word.utf8CodeUnitCount
        where bytes[text.start + index] != word.utf8Start[index] {
            return false
        }
        return true
    }

    /// The UTF-8 bytes of a string with escapes.
    private func unescaped(_ text: Text) throws -> [UInt8] {
        var content: [UInt8] = []
        content.reserveCapacity(text.end - text.start)
        var at = text.start
        while at < text.end {
            let byte = bytes[at]
            at += 1
            guard byte == UInt8(ascii: "\\") else {
                content.append(byte)
                continue
            }
            let kind = bytes[at]
            at += 1
            if kind == UInt8(ascii: "u") {
                content.append(contentsOf: String(try escapedScalar(&at, end: text.end)).utf8)
            } else if let plain = Self.escapes[kind] {
                content.append(plain)
            } else {
                throw fault("unknown escape", at: at - 1)
            }
        }
        return content
    }

    private static let escapes: [UInt8: UInt8] = [
        0x22: 0x22, 0x5C: 0x5C, 0x2F: 0x2F, 0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D,
        0x74: 0x09,
    ]

    /// The scalar of `\uXXXX`, or of two of them that are a surrogate pair; `at` is after the `u`.
    private func escapedScalar(_ at: inout Int, end: Int) throws -> Unicode.Scalar {
        let start = at
        let first = try hexadecimal(&at, end: end)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, at + 2 <= end, bytes[at] == UInt8(ascii: "\\"),
            bytes[at + 1] == UInt8(ascii: "u")
        else { throw fault("half of a surrogate pair", at: start) }
        at += 2
        let second = try hexadecimal(&at, end: end)
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw fault("half of a surrogate pair", at: start) }
        return scalar
    }

    private func hexadecimal(_ at: inout Int, end: Int) throws -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard at < end, let digit = Character(Unicode.Scalar(bytes[at])).hexDigitValue,
                bytes[at] < 0x80
            else { throw fault("expected four hexadecimal digits", at: at) }
            value = value << 4 | UInt32(digit)
            at += 1
        }
        return value
    }
}
