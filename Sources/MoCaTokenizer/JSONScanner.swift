// Reads JSON straight from UTF-8 bytes: a vocabulary of 150,000 entries is visited in place, without
// a tree of values (RFC 8259).

/// A cursor over the bytes of one JSON file. Every method skips the white space before its value.
struct JSONScanner {
    /// The inside of a string, between its quotes.
    struct Text {
        /// First byte after the opening quote.
        let start: Int
        /// The closing quote.
        let end: Int
        /// Whether it holds a backslash.
        let hasEscapes: Bool
    }

    /// The whole file.
    let bytes: UnsafeBufferPointer<UInt8>
    /// What errors call the file.
    let file: String
    /// The next byte to read.
    private(set) var position = 0

    /// Containers may be nested this deep.
    private static let depthMax = 64

    /// Starts at the first byte of `bytes`, which must outlive the scanner.
    init(_ bytes: UnsafeBufferPointer<UInt8>, file: String) {
        self.bytes = bytes
        self.file = file
    }

    /// The error that the file is malformed at `offset`, by default the next byte.
    func malformed(_ reason: String, at offset: Int? = nil) -> TokenizerError {
        .malformedJSON(file: file, offset: offset ?? position, reason: reason)
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// The next byte that is not white space, not consumed; throws at the end of the file.
    mutating func peek() throws -> UInt8 {
        while position < bytes.count {
            let byte = bytes[position]
            guard Self.isSpace(byte) else { return byte }
            position += 1
        }
        throw malformed("the file ends too early")
    }

    /// Consumes `byte` if it is next.
    mutating func take(_ byte: UInt8) throws -> Bool {
        guard try peek() == byte else { return false }
        position += 1
        return true
    }

    /// Consumes `byte`, which must be next.
    mutating func expect(_ byte: UInt8) throws {
        guard try take(byte) else {
            throw malformed("expected \(Character(UnicodeScalar(byte)))")
        }
    }

    /// Throws unless only white space is left.
    mutating func expectEnd() throws {
        while position < bytes.count {
            guard Self.isSpace(bytes[position]) else { throw malformed("text after the value") }
            position += 1
        }
    }

    /// Visits the members of an object; `visit` must consume the value.
    mutating func object(_ visit: (inout JSONScanner, Text) throws -> Void) throws {
        try expect(UInt8(ascii: "{"))
        if try take(UInt8(ascii: "}")) { return }
        repeat {
            let name = try text()
            try expect(UInt8(ascii: ":"))
            try visit(&self, name)
        } while try take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
    }

    /// Visits the elements of an array; `visit` must consume the value.
    mutating func array(_ visit: (inout JSONScanner) throws -> Void) throws {
        try expect(UInt8(ascii: "["))
        if try take(UInt8(ascii: "]")) { return }
        repeat {
            try visit(&self)
        } while try take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
    }

    /// Consumes a string and says where it lies.
    mutating func text() throws -> Text {
        guard try take(UInt8(ascii: "\"")) else { throw malformed("expected a string") }
        let start = position
        var at = position
        var hasEscapes = false
        while at < bytes.count {
            let byte = bytes[at]
            if byte == UInt8(ascii: "\"") {
                position = at + 1
                return Text(start: start, end: at, hasEscapes: hasEscapes)
            }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                at += 1
            } else if byte < 0x20 {
                throw malformed("a control character in a string", at: at)
            }
            at += 1
        }
        throw malformed("a string without an end", at: start)
    }

    /// Consumes a whole number that is not negative.
    mutating func count() throws -> Int {
        var value = 0
        guard try peek() &- UInt8(ascii: "0") < 10 else {
            throw malformed("expected a whole number")
        }
        while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 {
            value = value * 10 + Int(bytes[position] - UInt8(ascii: "0"))
            guard value < 1 << 40 else { throw malformed("a number too large") }
            position += 1
        }
        return value
    }

    /// Consumes any value and returns it as a tree.
    mutating func value(depth: Int = 0) throws -> JSONValue {
        guard depth < Self.depthMax else { throw malformed("nested too deeply") }
        switch try peek() {
        case UInt8(ascii: "{"):
            var members: [JSONValue.Member] = []
            try object { scanner, name in
                let name = try scanner.string(name)
                _ = try scanner.peek()
                let start = scanner.position
                let value = try scanner.value(depth: depth + 1)
                members.append(.init(name: name, value: value, range: start..<scanner.position))
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try array { try elements.append($0.value(depth: depth + 1)) }
            return .array(elements)
        case UInt8(ascii: "\""):
            let text = try text()
            return try .string(string(text))
        default:
            return try wordValue()
        }
    }

    /// Consumes `true`, `false`, `null` or a number.
    private mutating func wordValue() throws -> JSONValue {
        let start = position
        while position < bytes.count {
            let byte = bytes[position]
            let isLetter = (byte | 0x20) &- UInt8(ascii: "a") < 26
            guard isLetter || byte &- UInt8(ascii: "0") < 10 || "+-.".utf8.contains(byte) else {
                break
            }
            position += 1
        }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        switch word {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "null": return .null
        default:
            guard let first = word.utf8.first, first < UInt8(ascii: "A"), Double(word) != nil else {
                throw malformed("expected a value", at: start)
            }
            return .number(word)
        }
    }
}
