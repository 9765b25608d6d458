// YAML as a JSON tree. A YAML scalar stays a string: its reader decides whether it is a number.

import Foundation
import Yams

/// The reason why a text is not valid YAML.
package struct YAMLFault: Error, Equatable {
    /// The parser's message and the line it refers to, as one line.
    package let reason: String
}

extension JSON {
    /// Parses a text; an empty one is null. Scalars become strings, but plain `null`, `~` and empty
    /// scalars become null.
    ///
    /// - Throws: `YAMLFault`, also for a repeated key in a mapping.
    package init(yaml text: String) throws(YAMLFault) {
        do {
            self = try Yams.compose(yaml: text).map(Self.init) ?? .null
        } catch {
            // The parser shows the position on separate lines.
            let lines = String(describing: error).split(whereSeparator: \.isNewline)
            throw YAMLFault(
                reason: lines.map { $0.trimmingCharacters(in: .whitespaces) }
                    .joined(separator: " "))
        }
    }

    private init(_ node: Node) {
        switch node {
        case .mapping(let mapping):
            self = .object(
                JSONObject(mapping.map { ($0.key.scalar?.string ?? "", JSON($0.value)) }))
        case .sequence(let sequence): self = .array(sequence.map(JSON.init))
        case .scalar(let scalar):
            let isNull = scalar.style != .doubleQuoted && Self.isNull(scalar.string)
            self = isNull ? .null : .string(scalar.string)
        case .alias: self = .null
        }
    }

    private static func isNull(_ text: String) -> Bool {
        ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// The value as YAML; it reads back as the same value.
    ///
    /// - Throws: `YamlError`.
    package func yaml() throws -> String {
        try Yams.serialize(node: node, allowUnicode: true, sortKeys: false)
    }

    private var node: Node {
        switch self {
        case .null: Node("null")
        case .bool(let value): Node("\(value)")
        case .integer(let value): Node("\(value)")
        case .number(let value): Node("\(value)")
        case .string(let text): Self.node(text)
        case .array(let elements): .sequence(.init(elements.map(\.node), .implicit, .any))
        case .object(let members):
            .mapping(.init(members.map { (Self.node($0.key), $0.value.node) }))
        }
    }

    /// A scalar node of a text, quoted if it would otherwise read back as something else.
    private static func node(_ text: String) -> Node {
        let isPlain =
            !isNull(text) && !text.contains { $0.isNewline || $0 == "{" || $0 == "\"" }
        return Node(text, .implicit, isPlain ? .any : .doubleQuoted)
    }
}
