// A strict reader of the JSON that headers and shard indices hold. It keeps what Foundation's
// decoders lose: the order of keys, keys written twice, and the byte where something is wrong.

/// Where and why a JSON text is wrong.
struct JSONFault: Error {
    /// The offset of the byte at which reading stopped.
    let byte: Int
    /// What is wrong there.
    let reason: String
}

/// Reads one JSON text (RFC 8259) from front to back. Every method throws `JSONFault`.
struct JSONScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    /// The offset of the next byte to read.
    private(set) var position = 0

    /// Reads `bytes`, which must outlive the scanner.
    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// Reads an object; `onMember` is called with each key and must read the value.
    mutating func object(_ onMember: (inout JSONScanner, String) throws -> Void) throws {
        try expect(UInt8(ascii: "{"), "an object")
        if skip(UInt8(ascii: "}")) { return }
        repeat {
            let key = try string()
            try expect(UInt8(ascii: ":"), "':'")
            try onMember(&self, key)
        } while skip(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "',' or '}'")
    }

    /// Reads an object whose values are strings; a key written twice is a fault.
    mutating func stringMap() throws -> [String: String] {
        var map: [String: String] = [:]
        try object { scanner, key in
            let start = scanner.position
            guard map.updateValue(try scanner.string(), forKey: key) == nil else {
                throw JSONFault(byte: start, reason: "the key '\(key)' stands twice")
            }
        }
        return map
    }

    /// Reads an array of integers.
    mutating func integers() throws -> [Int] {
        var values: [Int] = []
        try array { values.append(try $0.integer()) }
        return values
    }

    /// Reads a string.
    mutating func string() throws -> String {
        try expect(UInt8(ascii: "\""), "a string")
        let start = position
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
            if bytes[position] == UInt8(ascii: "\\") { return try escapedString(from: start) }
            try refuseControlCharacter()
            position += 1
        }
        guard position < bytes.count else { throw fault("the string does not end") }
        position += 1
        return try text(Array(bytes[start..<position - 1]), at: start)
    }

    /// Reads an integer without fraction or exponent.
    mutating func integer() throws -> Int {
        skipSpace()
        let start = position
        if peek() == UInt8(ascii: "-") { position += 1 }
        let digits = position
        while let byte = peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
            position += 1
        }
        // "-0" too is refused, as in the `safetensors` library.
        let isPadded =
            position > digits && position - start > 1 && bytes[digits] == UInt8(ascii: "0")
        let next = peek()
        let isFraction = next == UInt8(ascii: ".") || next.map { $0 | 0x20 } == UInt8(ascii: "e")
        guard position > digits, !isPadded, !isFraction else {
            throw JSONFault(byte: start, reason: "expected an integer")
        }
        let literal = String(decoding: bytes[start..<position], as: UTF8.self)
        guard let value = Int(literal) else {
            throw JSONFault(byte: start, reason: "the number \(literal.prefix(40)) is too large")
        }
        return value
    }

    /// Reads past a value of any kind, at most 32 levels deep.
    mutating func skipValue(depth: Int = 0) throws {
        skipSpace()
        guard depth < 32 else { throw fault("values lie more than 32 levels deep") }
        switch peek() {
        case UInt8(ascii: "{"): try object { scanner, _ in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["): try array { try $0.skipValue(depth: depth + 1) }
        case UInt8(ascii: "\""): _ = try string()
        default:
            let start = position
            while let byte = peek(), isLiteral(byte) { position += 1 }
            let literal = String(decoding: bytes[start..<position], as: UTF8.self)
            guard ["true", "false", "null"].contains(literal) || Double(literal) != nil else {
                throw JSONFault(byte: start, reason: "expected a value")
            }
        }
    }

    /// Demands that nothing but white space follows.
    mutating func end() throws {
        skipSpace()
        guard position == bytes.count else { throw fault("something follows the object") }
    }

    // MARK: - Pieces

    private mutating func array(_ onElement: (inout JSONScanner) throws -> Void) throws {
        try expect(UInt8(ascii: "["), "an array")
        if skip(UInt8(ascii: "]")) { return }
        repeat { try onElement(&self) } while skip(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"), "',' or ']'")
    }

    private mutating func escapedString(from start: Int) throws -> String {
        var content = Array(bytes[start..<position])
        while let byte = peek(), byte != UInt8(ascii: "\"") {
            try refuseControlCharacter()
            position += 1
            if byte == UInt8(ascii: "\\") {
                content += try escape().utf8
            } else {
                content.append(byte)
            }
        }
        guard position < bytes.count else { throw fault("the string does not end") }
        position += 1
        return try text(content, at: start)
    }

    private mutating func escape() throws -> String {
        guard let byte = peek() else { throw fault("the string does not end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return String(UnicodeScalar(byte))
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw JSONFault(byte: position - 1, reason: "unknown escape")
        }
    }

    private mutating func unicodeEscape() throws -> String {
        let start = position
        var units = [try codeUnit()]
        if UTF16.isLeadSurrogate(units[0]), position + 1 < bytes.count,
            bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u")
        {
            position += 2
            units.append(try codeUnit())
        }
        guard let text = String(validating: units, as: UTF16.self) else {
            throw JSONFault(byte: start, reason: "half of a surrogate pair")
        }
        return text
    }

    private mutating func codeUnit() throws -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = Character(UnicodeScalar(byte)).hexDigitValue else {
                throw fault("expected four hexadecimal digits")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    private func text(_ content: [UInt8], at byte: Int) throws -> String {
        guard let text = String(validating: content, as: UTF8.self) else {
            throw JSONFault(byte: byte, reason: "the text is not UTF-8")
        }
        return text
    }

    private func refuseControlCharacter() throws {
        if bytes[position] < 0x20 { throw fault("a control character inside a string") }
    }

    private func isLiteral(_ byte: UInt8) -> Bool {
        let character = Character(UnicodeScalar(byte))
        return character.isASCII && (character.isLetter || character.isNumber)
            || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: ".")
    }

    private func peek() -> UInt8? {
        position < bytes.count ? bytes[position] : nil
    }

    private mutating func skipSpace() {
        while let byte = peek(), byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
            position += 1
        }
    }

    private mutating func skip(_ byte: UInt8) -> Bool {
        skipSpace()
        guard peek() == byte else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ byte: UInt8, _ what: String) throws {
        guard skip(byte) else { throw fault("expected \(what)") }
    }

    private func fault(_ reason: String) -> JSONFault {
        JSONFault(byte: position, reason: reason)
    }
}
