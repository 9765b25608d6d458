// The resolved recipe as lines, to be read and compared.

import Yams

extension Recipe {
    /// Every key with its value, such as `optimizer.learning_rate` and `1.0e-4`, in their order.
    package var keysAndValues: [(key: String, value: String)] {
        Self.keysAndValues(of: node, path: "")
    }

    private static func keysAndValues(
        of node: Node, path: String
    ) -> [(key: String, value: String)] {
        switch node {
        case .mapping(let mapping):
            return mapping.flatMap { key, value in
                let name = key.string ?? ""
                return keysAndValues(of: value, path: path.isEmpty ? name : "\(path).\(name)")
            }
        case .sequence(let sequence):
            let values = sequence.flatMap { keysAndValues(of: $0, path: "") }.map(\.value)
            return [(path, values.joined(separator: ", "))]
        case .scalar(let scalar): return [(path, scalar.string)]
        case .alias: return []
        }
    }
}
