// JSON (RFC 8259) to cells. Foundation's decoders either lose the difference between 1, 1.0 and
// true or need to know the type beforehand.

package import Foundation

/// Parses one JSON document.
///
///     let cell = try JSONParser.parse(Data(#"{"id": 1}"#.utf8))
package struct JSONParser {
    /// Why and where a text is not JSON.
    package struct Failure: Error, Equatable {
        package var reason: String
        /// Bytes before the place, plus one.
        package var column: Int
    }

    private static let depthMax = 128
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0

    /// The value of a document.
    ///
    /// - Throws: `Failure`.
    package static func parse(_ data: Data) throws(Failure) -> Cell {
        var result: Result<Cell, Failure> = .success(.null)
        data.withUnsafeBytes { raw in
            var parser = JSONParser(bytes: raw.assumingMemoryBound(to: UInt8.self))
            result = Result { () throws(Failure) in try parser.document() }
        }
        return try result.get()
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    private mutating func document() throws(Failure) -> Cell {
        let cell = try value(depth: 0)
        skipSpace()
        guard position == bytes.count else { throw failure("text after the value") }
        return cell
    }

    private func failure(_ reason: String) -> Failure {
        Failure(reason: reason, column: position + 1)
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d {
            position += 1
        }
    }

    private mutating func take(_ byte: Character) -> Bool {
        guard current == byte.asciiValue else { return false }
        position += 1
        return true
    }

    private mutating func value(depth: Int) throws(Failure) -> Cell {
        guard depth < Self.depthMax else { throw failure("nested too deeply") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try list(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        case nil: throw failure("the text ends too early")
        default: return try number()
        }
    }

    private mutating func word(_ word: StaticString, _ cell: Cell) throws(Failure) -> Cell {
        let length = word.utf8CodeUnitCount
        guard position + length <= bytes.count,
            (0..<length).allSatisfy({ bytes[position + $0] == word.utf8Start[$0] })
        else { throw failure("unexpected character") }
        position += length
        return cell
    }

    private mutating func object(depth: Int) throws(Failure) -> Cell {
        position += 1
        var members: [String: Cell] = [:]
        skipSpace()
        if take("}") { return .object(members) }
        repeat {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw failure("expected a key in quotes") }
            let key = try string()
            skipSpace()
            guard take(":") else { throw failure("expected ':'") }
            guard members.updateValue(try value(depth: depth + 1), forKey: key) == nil else {
                throw failure("the key '\(key)' stands twice")
            }
            skipSpace()
        } while take(",")
        guard take("}") else { throw failure("expected ',' or '}'") }
        return .object(members)
    }

    private mutating func list(depth: Int) throws(Failure) -> Cell {
        position += 1
        var elements: [Cell] = []
        skipSpace()
        if take("]") { return .list(elements) }
        repeat {
            elements.append(try value(depth: depth + 1))
            skipSpace()
        } while take(",")
        guard take("]") else { throw failure("expected ',' or ']'") }
        return .list(elements)
    }

    private mutating func digits() throws(Failure) {
        let start = position
        while let byte = current, byte >= 0x30, byte <= 0x39 { position += 1 }
        guard position > start else { throw failure("expected a digit") }
    }

    private mutating func number() throws(Failure) -> Cell {
        let start = position
        _ = take("-")
        guard let first = current, first >= 0x30, first <= 0x39 else {
            throw failure("unexpected character")
        }
        if !take("0") { try digits() }
        var isInteger = true
        if take(".") {
            isInteger = false
            try digits()
        }
        if take("e") || take("E") {
            isInteger = false
            if !take("-") { _ = take("+") }
            try digits()
        }
        let text = String(decoding: bytes[start..<position], as: UTF8.self)
        if isInteger, let integer = Int64(text) { return .integer(integer) }
        guard let number = Double(text), number.isFinite else {
            throw failure("the number is too large")
        }
        return .number(number)
    }

    private mutating func string() throws(Failure) -> String {
        position += 1
        var result = ""
        while true {
            let start = position
            while let byte = current, byte != 0x22, byte != 0x5c, byte >= 0x20 { position += 1 }
            guard let byte = current else { throw failure("the text ends inside quotes") }
            guard byte >= 0x20 else { throw failure("a control character inside quotes") }
            guard let plain = String(validating: bytes[start..<position], as: UTF8.self) else {
                throw failure("the text before is not UTF-8")
            }
            // The common case, a string without escapes, is made once.
            if byte == 0x22, result.isEmpty {
                position += 1
                return plain
            }
            result += plain
            position += 1
            if byte == 0x22 { return result }
            result.unicodeScalars.append(try escape())
        }
    }

    private mutating func escape() throws(Failure) -> Unicode.Scalar {
        guard let byte = current else { throw failure("the text ends inside quotes") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"):
            return Unicode.Scalar(byte)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{c}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try unicodeEscape()
        default: throw failure("unknown escape")
        }
    }

    private mutating func unicodeEscape() throws(Failure) -> Unicode.Scalar {
        let first = try hexadecimal()
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xdc00, take("\\"), take("u") else { throw failure("half a surrogate pair") }
        let second = try hexadecimal()
        guard (0xdc00...0xdfff).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xd800) << 10 + (second - 0xdc00))
        else { throw failure("half a surrogate pair") }
        return scalar
    }

    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue
            else { throw failure("expected four hexadecimal digits") }
            value = value << 4 | UInt32(digit)
            position += 1
        }
        return value
    }
}
