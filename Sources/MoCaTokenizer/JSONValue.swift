// The small parts of the tokenizer's files, as a tree.

/// A JSON value; numbers keep their spelling, objects their order.
indirect enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(String)
    case string(String)
    case array([JSONValue])
    case object([Member])

    /// One name and value of an object.
    struct Member: Sendable, Equatable {
        /// The name, unescaped.
        let name: String
        /// The value.
        let value: JSONValue
        /// Where the value stands in the file, in bytes.
        let range: Range<Int>
    }

    /// The value of the last member of that name; nil where this is no object or has none.
    subscript(_ name: String) -> JSONValue? {
        member(name)?.value
    }

    /// The last member of that name.
    func member(_ name: String) -> Member? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.name == name }
    }

    /// The string, if it is one.
    var string: String? {
        if case .string(let string) = self { string } else { nil }
    }

    /// The truth value, if it is one.
    var bool: Bool? {
        if case .bool(let bool) = self { bool } else { nil }
    }

    /// The number, if it is a whole one that fits.
    var int: Int? {
        if case .number(let text) = self { Int(text) } else { nil }
    }

    /// The elements, if it is an array.
    var elements: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The value as an error message shows it: one line, cut at 200 characters.
    var summary: String {
        let text =
            switch self {
            case .null: "null"
            case .bool(let bool): "\(bool)"
            case .number(let number): number
            case .string(let string): Self.quoted(string)
            case .array(let elements): "[\(elements.map(\.summary).joined(separator: ", "))]"
            case .object(let members):
                "{\(members.map { "\($0.name): \($0.value.summary)" }.joined(separator: ", "))}"
            }
        return text.count > 200 ? "\(text.prefix(200))..." : text
    }

    /// `string` as JSON writes it.
    static func quoted(_ string: String) -> String {
        var out = "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
