// Creates JSON values of recipes, in which every scalar is a string.

import MoCaSettings

extension JSON {
    /// Returns a scalar.
    static func value(_ value: some CustomStringConvertible) -> JSON {
        .string(value.description)
    }

    /// Returns a list of scalars.
    static func list(_ values: [some CustomStringConvertible]) -> JSON {
        .array(values.map { .value($0) })
    }

    /// Returns a mapping of names to numbers.
    static func table(_ values: [String: Double]) -> JSON {
        .object(JSONObject(values.mapValues { .value($0) }))
    }

    /// Returns a mapping; keys without a value are left out.
    static func keys(_ pairs: [(String, JSON?)]) -> JSON {
        .object(JSONObject(pairs.compactMap { key, value in value.map { (key, $0) } }))
    }
}
