// A JSON value as a tree.

/// A JSON value; numbers keep their spelling, objects their order.
package indirect enum JSONTree: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String, isInteger: Bool)
    case string(String)
    case array([JSONTree])
    case object([Member])

    /// One name and value of an object.
    package struct Member: Sendable, Equatable {
        /// The name, unescaped.
        package let name: String
        /// The value.
        package let value: JSONTree
        /// Where the value stands in the text, in bytes.
        package let range: Range<Int>

        package init(name: String, value: JSONTree, range: Range<Int>) {
            (self.name, self.value, self.range) = (name, value, range)
        }
    }

    /// The value of the last member of that name; nil where this is no object or has none.
    package subscript(_ name: String) -> JSONTree? {
        member(name)?.value
    }

    /// The last member of that name.
    package func member(_ name: String) -> Member? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }
    }

    /// The string, if it is one.
    package var string: String? {
        if case .string(let string) = self { string } else { nil }
    }

    /// The truth value, if it is one.
    package var bool: Bool? {
        if case .bool(let bool) = self { bool } else { nil }
    }

    /// The number, if it is a whole one that fits.
    package var int: Int? {
        if case .number(let text, isInteger: true) = self { Int(text) } else { nil }
    }

    /// The elements, if it is an array.
    package var elements: [JSONTree]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The value as an error message shows it: one line, cut at 200 characters.
    package var summary: String {
        let text =
            switch self {
            case .null: "null"
            case .bool(let bool): "\(bool)"
            case .number(let spelling, _): spelling
            case .string(let string): Self.quoted(string)
            case .array(let elements): "[\(elements.map(\.summary).joined(separator: ", "))]"
            case .object(let members):
                "{\(members.map { "\($0.name): \($0.value.summary)" }.joined(separator: ", "))}"
            }
        return text.count > 200 ? "\(text.prefix(200))..." : text
    }

    /// `string` as JSON writes it.
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
