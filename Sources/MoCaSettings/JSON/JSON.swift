// The one JSON value of the program.

package import Foundation

/// A JSON value. Integers and other numbers are distinguished; objects keep the order of their
/// keys.
package indirect enum JSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([JSON])
    case object(JSONObject)

    /// Parses a whole text. A repeated key in an object is a fault.
    ///
    /// - Throws: `JSONFault`.
    package init(parsing data: Data) throws {
        self = try data.withUnsafeBytes { bytes in
            var scanner = JSONScanner(bytes.bindMemory(to: UInt8.self))
            let value = try scanner.value()
            try scanner.end()
            return value
        }
    }

    /// The value of a key; nil if this is not an object or has no such key.
    package subscript(key: String) -> JSON? { object?[key] }

    /// The Boolean value, if it is one.
    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The integer, if it is a whole number that fits in `Int`.
    package var integer: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The number, whether whole or not.
    package var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The string, if it is one.
    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The elements, if it is an array.
    package var array: [JSON]? {
        if case .array(let value) = self { value } else { nil }
    }

    /// The members, if it is an object.
    package var object: JSONObject? {
        if case .object(let value) = self { value } else { nil }
    }
}

// MARK: - In messages

extension JSON: CustomStringConvertible {
    /// The value as text for people.
    package var description: String {
        switch self {
        case .null, .bool, .integer, .number: summary
        case .string(let value): value
        case .array(let elements): elements.map(\.description).joined(separator: ", ")
        case .object(let object):
            object.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
                .joined(separator: ", ")
        }
    }

    /// The value as error messages show it: one line, cut at 200 characters.
    package var summary: String {
        let text =
            switch self {
            case .null: "null"
            case .bool(let value): "\(value)"
            case .integer(let value): "\(value)"
            case .number(let value): "\(value)"
            case .string(let value): Self.quoted(value)
            case .array(let elements): "[\(elements.map(\.summary).joined(separator: ", "))]"
            case .object(let object):
                "{\(object.map { "\($0.key): \($0.value.summary)" }.joined(separator: ", "))}"
            }
        return text.count > 200 ? "\(text.prefix(200))..." : text
    }

    /// The value as error messages name it if its contents do not matter.
    package var shortDescription: String {
        switch self {
        case .null, .bool, .integer, .number: summary
        case .string(let value): "\"\(value.prefix(40))\""
        case .array(let elements): "a list of \(elements.count)"
        case .object: "an object"
        }
    }

    /// `string` as a JSON string literal.
    package static func quoted(_ string: String) -> String {
        var quoted = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
