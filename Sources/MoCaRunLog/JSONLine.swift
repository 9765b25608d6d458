// One line of JSON whose members keep the order in which they were added.

import Foundation

/// A builder of a JSON object on one line, as in metrics.jsonl and events.jsonl.
struct JSONLine {
    private var members: [String] = []

    /// The object's text, without a line terminator.
    var text: String { "{\(members.joined(separator: ", "))}" }

    /// Adds an integer.
    mutating func add(_ name: String, _ value: Int) { append(name, "\(value)") }

    /// Adds a number; NaN and infinity, which JSON cannot represent, are written as null.
    mutating func add(_ name: String, _ value: Double) { append(name, Self.text(value)) }

    /// Adds a string.
    mutating func add(_ name: String, _ value: String) { append(name, Self.quoted(value)) }

    /// Adds an array of strings.
    mutating func add(_ name: String, _ values: [String]) {
        append(name, "[\(values.map(Self.quoted).joined(separator: ", "))]")
    }

    /// Adds an array of numbers; those that are nil or not finite are written as null.
    mutating func add(_ name: String, _ values: [MetricsNumber?]) {
        let texts = values.map { value in
            switch value {
            case .integer(let value): "\(value)"
            case .number(let value): Self.text(value)
            case nil: "null"
            }
        }
        append(name, "[\(texts.joined(separator: ", "))]")
    }

    /// Adds an object with a member for each entry of `values`, in the order of their keys.
    mutating func add<Value>(
        _ name: String, _ values: [String: Value],
        member: (inout JSONLine, String, Value) -> Void
    ) {
        var object = JSONLine()
        for (key, value) in values.sorted(by: { $0.key < $1.key }) { member(&object, key, value) }
        append(name, object.text)
    }

    /// Adds an object.
    mutating func add(_ name: String, _ object: JSONLine) { append(name, object.text) }

    private mutating func append(_ name: String, _ text: String) {
        members.append("\(Self.quoted(name)): \(text)")
    }

    private static func text(_ value: Double) -> String {
        value.isFinite ? "\(value)" : "null"
    }

    private static func quoted(_ text: String) -> String {
        let inside = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case _ where scalar.value < 0x20: String(format: "\\u%04x", scalar.value)
            default: String(scalar)
            }
        }
        return "\"\(inside.joined())\""
    }
}
