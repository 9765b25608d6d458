// Flattens the resolved recipe into keys and values for display and comparison.

import MoCaSettings

extension Recipe {
    /// All keys with their values, such as `optimizer.learning_rate` and `1.0e-4`, in order.
    package var keysAndValues: [(key: String, value: String)] {
        Self.keysAndValues(of: node, path: "")
    }

    /// Returns the keys whose values differ between two recipe texts, with both values.
    ///
    /// - Throws: `YAMLFault`.
    static func changes(from old: String, to new: String) throws -> [String] {
        let (old, new) = (try values(of: old), try values(of: new))
        return Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }.map {
            "\($0): \(old[$0] ?? "none") -> \(new[$0] ?? "none")"
        }
    }

    private static func values(of text: String) throws -> [String: String] {
        Dictionary(
            keysAndValues(of: try JSON(yaml: text), path: "").map { ($0.key, $0.value) },
            uniquingKeysWith: { $1 })
    }

    private static func keysAndValues(
        of node: JSON, path: String
    ) -> [(key: String, value: String)] {
        switch node {
        case .object(let members):
            return members.flatMap { key, value in
                keysAndValues(of: value, path: path.isEmpty ? key : "\(path).\(key)")
            }
        case .array(let elements):
            let values = elements.flatMap { keysAndValues(of: $0, path: "") }.map(\.value)
            return [(path, values.joined(separator: ", "))]
        case .string(let text): return [(path, text)]
        default: return [(path, node.summary)]
        }
    }
}
