// Reads typed values out of a JSON object and collects everything that is wrong with it.

/// Collects the problems of one file, so that all are reported at once.
package final class ProblemList {
    /// In the order in which they were found.
    package private(set) var problems: [ConfigurationProblem] = []

    package init() {}

    /// Adds a problem.
    package func add(_ keyPath: String, _ reason: String) {
        problems.append(ConfigurationProblem(keyPath, reason))
    }

    /// Adds a problem at the first of `keyPaths` unless `condition` holds. It is not evaluated where
    /// one of the keys has a problem already: a wrong value would only make a second, false one.
    package func require(
        _ keyPaths: String..., reason: @autoclosure () -> String, if condition: () -> Bool
    ) {
        guard !problems.contains(where: { keyPaths.contains($0.keyPath) }) else { return }
        if !condition() {
            add(keyPaths[0], reason())
        }
    }
}

/// One object of a file. A value that is missing or of the wrong kind becomes a problem and a
/// placeholder; a `null` counts as missing.
package struct JSONSection {
    private let values: [String: JSONValue]
    private let path: String
    /// Where problems go.
    package let list: ProblemList

    /// `path` is empty for the whole file, or `vision_config` and the like.
    package init(_ values: [String: JSONValue], path: String = "", list: ProblemList) {
        self.values = values
        self.path = path
        self.list = list
    }

    /// The key path of a key of this object.
    package func keyPath(_ key: String) -> String {
        path.isEmpty ? key : "\(path).\(key)"
    }

    /// The value of a key, nil when it is missing or null.
    package subscript(key: String) -> JSONValue? {
        guard let value = values[key], value != .null else { return nil }
        return value
    }

    /// The keys, sorted.
    package var keys: [String] { values.keys.sorted() }

    /// An integer; required without a `fallback`.
    package func integer(_ key: String, default fallback: Int? = nil) -> Int {
        optionalInteger(key) ?? absent(key, fallback, "an integer", placeholder: 1)
    }

    /// An integer that may be missing.
    package func optionalInteger(_ key: String) -> Int? {
        switch self[key] {
        case nil: return nil
        case .integer(let value): return value
        case let other?: return wrong(key, other, "an integer", placeholder: 1)
        }
    }

    /// An integer that is at least 1 and no more than any model has, so that products of a few do
    /// not overflow; required without a `fallback`.
    package func count(_ key: String, default fallback: Int? = nil) -> Int {
        let most = 1 << 24
        let value = integer(key, default: fallback)
        guard (1...most).contains(value) else {
            list.add(
                keyPath(key),
                "is \(value), must be \(value < 1 ? "positive" : "at most \(most)")")
            return 1
        }
        return value
    }

    /// A finite number, integer or not; required without a `fallback`.
    package func number(_ key: String, default fallback: Double? = nil) -> Double {
        switch self[key] {
        case nil: absent(key, fallback, "a number", placeholder: 1)
        case .integer(let value): Double(value)
        case .number(let value) where value.isFinite: value
        case let other?: wrong(key, other, "a number", placeholder: 1)
        }
    }

    /// A boolean; required without a `fallback`.
    package func bool(_ key: String, default fallback: Bool? = nil) -> Bool {
        switch self[key] {
        case nil: absent(key, fallback, "true or false", placeholder: false)
        case .bool(let value): value
        case let other?: wrong(key, other, "true or false", placeholder: false)
        }
    }

    /// A string that may be missing.
    package func optionalString(_ key: String) -> String? {
        switch self[key] {
        case nil: return nil
        case .string(let value): return value
        case let other?: return wrong(key, other, "a string", placeholder: "")
        }
    }

    /// A list of integers; required without a `fallback`.
    package func integers(_ key: String, default fallback: [Int]? = nil) -> [Int] {
        guard let found = self[key] else {
            return absent(key, fallback, "a list of integers", placeholder: [])
        }
        guard case .array(let items) = found else {
            return wrong(key, found, "a list of integers", placeholder: [])
        }
        return items.map { item in
            guard case .integer(let value) = item else {
                return wrong(key, item, "a list of integers", placeholder: 0)
            }
            return value
        }
    }

    /// An object inside this one, nil when it is missing.
    package func section(_ key: String) -> JSONSection? {
        switch self[key] {
        case nil:
            return nil
        case .object(let value):
            return JSONSection(value, path: keyPath(key), list: list)
        case let other?:
            let empty = JSONSection([:], path: keyPath(key), list: list)
            return wrong(key, other, "an object", placeholder: empty)
        }
    }

    private func absent<Value>(
        _ key: String, _ fallback: Value?, _ kind: String, placeholder: Value
    ) -> Value {
        if let fallback { return fallback }
        list.add(keyPath(key), "is missing, must be \(kind)")
        return placeholder
    }

    private func wrong<Value>(
        _ key: String, _ found: JSONValue, _ kind: String, placeholder: Value
    ) -> Value {
        list.add(keyPath(key), "is \(found.shortDescription), must be \(kind)")
        return placeholder
    }
}
