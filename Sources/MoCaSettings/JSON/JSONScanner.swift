// Reads JSON (RFC 8259) directly from UTF-8 bytes: a vocabulary of 150,000 entries needs no tree of
// values. It keeps what Foundation's decoders lose: the order of keys, repeated keys, and the byte
// offset of a fault.

/// The position and reason of text that is not JSON, or not the expected JSON.
package struct JSONFault: Error, Equatable, CustomStringConvertible {
    /// The offset of the byte at which reading stopped.
    package let byte: Int
    /// The reason of the fault.
    package let reason: String

    package init(byte: Int, reason: String) {
        self.byte = byte
        self.reason = reason
    }

    package var description: String { "\(reason) at byte \(byte)" }
}

/// A cursor over the bytes of one JSON text. Every method that reads a value skips white space
/// before it, and throws a `JSONFault`.
package struct JSONScanner {
    /// The contents of a string, between its quotes.
    package struct Text {
        /// The offset of the first byte after the opening quote.
        package let start: Int
        /// The offset of the closing quote.
        package let end: Int
        /// Whether the string contains a backslash.
        package let hasEscapes: Bool
    }

    /// The maximum nesting depth of values.
    static let depthMax = 128

    /// The whole text.
    package let bytes: UnsafeBufferPointer<UInt8>
    /// The offset of the next byte to read.
    package internal(set) var position = 0

    /// Creates a scanner at a byte offset of `bytes`, which must outlive it.
    package init(_ bytes: UnsafeBufferPointer<UInt8>, from position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// A fault with `reason` at `byte`, by default the next one.
    package func fault(_ reason: String, at byte: Int? = nil) -> JSONFault {
        JSONFault(byte: byte ?? position, reason: reason)
    }

    // MARK: - Single bytes

    /// The next byte that is not white space, without consuming it.
    package mutating func peek() throws -> UInt8 {
        skipSpace()
        guard position < bytes.count else { throw fault("the text ends too early") }
        return bytes[position]
    }

    /// Consumes `byte` if it is next.
    package mutating func take(_ byte: UInt8) throws -> Bool {
        guard try peek() == byte else { return false }
        position += 1
        return true
    }

    /// Consumes `byte`, which must be next; errors call it `what`.
    package mutating func expect(_ byte: UInt8, _ what: StaticString) throws {
        skipSpace()
        guard position < bytes.count, bytes[position] == byte else {
            throw fault("expected \(what)")
        }
        position += 1
    }

    /// Throws unless only white space is left.
    package mutating func end() throws {
        skipSpace()
        guard position == bytes.count else { throw fault("something follows the value") }
    }

    private mutating func skipSpace() {
        while position < bytes.count {
            switch bytes[position] {
            case 0x20, 0x0A, 0x0D, 0x09: position += 1
            default: return
            }
        }
    }

    // MARK: - Containers

    /// Visits the members of an object; `visit` must consume the value.
    package mutating func object(_ visit: (inout JSONScanner, Text) throws -> Void) throws {
        try expect(UInt8(ascii: "{"), "an object")
        if try take(UInt8(ascii: "}")) { return }
        repeat {
            let name = try text("a key in quotes")
            try expect(UInt8(ascii: ":"), "':'")
            try visit(&self, name)
        } while try take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"), "',' or '}'")
    }

    /// Visits the elements of an array; `visit` must consume the value.
    package mutating func array(_ visit: (inout JSONScanner) throws -> Void) throws {
        try expect(UInt8(ascii: "["), "an array")
        if try take(UInt8(ascii: "]")) { return }
        repeat {
            try visit(&self)
        } while try take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"), "',' or ']'")
    }

    // MARK: - Scalars

    /// Consumes a string and returns its position; errors call it `what`.
    package mutating func text(_ what: StaticString = "a string") throws -> Text {
        try expect(UInt8(ascii: "\""), what)
        let start = position
        var hasEscapes = false
        while position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\"") {
                position += 1
                return Text(start: start, end: position - 1, hasEscapes: hasEscapes)
            }
            guard byte >= 0x20 else { throw fault("a control character inside a string") }
            if byte == UInt8(ascii: "\\") {
                hasEscapes = true
                position += 1
            }
            position += 1
        }
        throw fault("the string does not end", at: bytes.count)
    }

    /// Consumes `true`, `false` or `null` if it is next.
    package mutating func take(word: StaticString) throws -> Bool {
        _ = try peek()
        let length = word.utf8CodeUnitCount
        guard position + length <= bytes.count else { return false }
        for index in 0..<length where bytes[position + index] != word.utf8Start[index] {
            return false
        }
        position += length
        return true
    }

    /// Consumes a number; returns its spelling, and whether it has neither fraction nor exponent.
    package mutating func number() throws -> (spelling: String, isInteger: Bool) {
        _ = try peek()
        let start = position
        skip("-")
        guard isDigit else { throw fault("expected a value", at: start) }
        if !skip("0") { try digits() }
        var isInteger = true
        if skip(".") {
            isInteger = false
            try digits()
        }
        if skip("e") || skip("E") {
            isInteger = false
            if !skip("-") { skip("+") }
            try digits()
        }
        return (String(decoding: bytes[start..<position], as: UTF8.self), isInteger)
    }

    private var isDigit: Bool {
        position < bytes.count && bytes[position] &- UInt8(ascii: "0") < 10
    }

    /// Consumes `byte` if it is next, without skipping white space.
    @discardableResult
    private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        guard position < bytes.count, bytes[position] == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func digits() throws {
        guard isDigit else { throw fault("expected a digit") }
        while isDigit { position += 1 }
    }
}
