// YAML of values, such that it reads back as the same values.

import Yams

extension Node {
    static func value(_ value: some CustomStringConvertible) -> Node {
        let text = value.description
        // A text that begins or ends with white space must be quoted to stay as it is.
        let isPlain = !text.isEmpty && !text.contains { $0.isNewline || $0 == "{" || $0 == "\"" }
        return Node(text, .implicit, isPlain ? .any : .doubleQuoted)
    }

    static func list(_ values: [some CustomStringConvertible]) -> Node {
        .sequence(.init(values.map { .value($0) }, .implicit, .any))
    }

    static func table(_ values: [String: Double]) -> Node {
        .keys(values.sorted { $0.key < $1.key }.map { ($0.key, .value($0.value)) })
    }

    /// A mapping; keys without a value are left out.
    static func keys(_ pairs: [(String, Node?)]) -> Node {
        .mapping(
            .init(pairs.compactMap { key, node in node.map { (Node.value(key), $0) } }))
    }
}
