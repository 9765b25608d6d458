// Values of a recipe as its file has them: every scalar is a text.

import MoCaSettings

extension JSON {
    /// A scalar.
    static func value(_ value: some CustomStringConvertible) -> JSON {
        .string(value.description)
    }

    /// A list of scalars.
    static func list(_ values: [some CustomStringConvertible]) -> JSON {
        .array(values.map { .value($0) })
    }

    /// A mapping of names to numbers.
    static func table(_ values: [String: Double]) -> JSON {
        .object(JSONObject(values.mapValues { .value($0) }))
    }

    /// A mapping; keys without a value are left out.
    static func keys(_ pairs: [(String, JSON?)]) -> JSON {
        .object(JSONObject(pairs.compactMap { key, value in value.map { (key, $0) } }))
    }
}
