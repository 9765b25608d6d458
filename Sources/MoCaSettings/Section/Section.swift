// Reads typed values from one mapping of a settings file. Nothing is thrown: all problems are
// collected and reported together.

/// One mapping of a settings file. A missing or wrong value becomes a problem and a placeholder; a
/// null counts as missing. A key that is never read is reported as unknown.
package final class Section {
    /// The context that collects the problems.
    package let context: SettingsContext
    private let path: String
    private let members: JSONObject
    private var asked: Set<String> = []
    private var children: [Section] = []

    /// Creates the section of a value, which may be missing.
    ///
    /// - Parameter path: the key path of the value, empty for the whole file.
    package init(_ value: JSON?, path: String = "", _ context: SettingsContext) {
        self.path = path
        self.context = context
        switch value {
        case .object(let object): members = object
        case nil, .null: members = JSONObject()
        case let other?:
            members = JSONObject()
            let reason =
                context.syntax == .yaml
                ? "must be a mapping of keys to values"
                : "is \(other.shortDescription), must be an object"
            context.add(path, reason)
        }
    }

    // MARK: Keys

    /// The key path of a key of this section.
    package func keyPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// Adds a problem at a key.
    package func add(_ key: String, _ reason: String) { context.add(keyPath(key), reason) }

    /// Adds a problem with the section itself.
    package func addHere(_ reason: String) { context.add(path, reason) }

    /// The keys, sorted.
    package var keys: [String] { members.keys.sorted() }

    /// The value of a key; nil if it is missing or null.
    package subscript(key: String) -> JSON? {
        asked.insert(key)
        guard let value = members[key], value != .null else { return nil }
        return value
    }

    /// Whether a key has a value.
    package func has(_ key: String) -> Bool { self[key] != nil }

    /// Whether a key comes from another file than `other`, or exactly one of them from an override.
    package func isFromElsewhere(_ key: String, than other: String) -> Bool {
        context.sources.source(of: keyPath(key)) != context.sources.source(of: keyPath(other))
    }

    /// Reports the keys that were never read, here and in the sections below.
    package func finish() {
        for key in keys where !asked.contains(key) {
            let known = asked.sorted()
            let similar = Spelling.closest(to: key, among: known)
            add(
                key,
                "is unknown" + (similar.map { ", did you mean \($0)?" } ?? "")
                    + (known.isEmpty ? "" : " (known here: \(known.joined(separator: ", ")))"))
        }
        for child in children { child.finish() }
    }

    // MARK: Sections

    /// The mapping of a key; empty if it is missing.
    package func section(_ key: String) -> Section {
        let child = Section(self[key], path: keyPath(key), context)
        children.append(child)
        return child
    }

    /// The mapping of a key; nil if it is missing.
    package func optionalSection(_ key: String) -> Section? { has(key) ? section(key) : nil }

    /// The mappings of a list; empty if it is missing.
    package func sections(_ key: String) -> [Section] {
        let items = list(key, "a list of mappings") { $0 } ?? []
        let sections = items.enumerated().map { index, item in
            Section(item, path: "\(keyPath(key))[\(index)]", context)
        }
        children += sections
        return sections
    }

    // MARK: Finding values

    /// The result of looking up a key.
    enum Found<Value> {
        case nothing
        case wrong
        case value(Value)
    }

    /// The value of a key, converted by `convert`.
    ///
    /// - Parameter kind: the expected type, for the problem reported if `convert` returns nil.
    func find<Value>(
        _ key: String, _ kind: @autoclosure () -> String, _ convert: (JSON) -> Value?
    ) -> Found<Value> {
        guard let value = self[key] else { return .nothing }
        if context.syntax == .yaml, value.string == nil {
            add(key, "must be a single value")
            return .wrong
        }
        guard let converted = convert(value) else {
            add(key, "is \(context.syntax.description(of: value)), must be \(kind())")
            return .wrong
        }
        return .value(converted)
    }

    /// The value of a key, or its fallback; required if there is no fallback.
    func required<Value>(
        _ key: String, _ kind: @autoclosure () -> String, default fallback: Value?,
        placeholder: Value, _ convert: (JSON) -> Value?
    ) -> Value {
        switch find(key, kind(), convert) {
        case .value(let value): return value
        case .wrong: return placeholder
        case .nothing:
            if let fallback { return fallback }
            add(key, "is missing, must be \(kind())")
            return placeholder
        }
    }

    /// The value of a key that may be missing; the placeholder if it is wrong.
    func optional<Value>(
        _ key: String, _ kind: @autoclosure () -> String, placeholder: Value?,
        _ convert: (JSON) -> Value?
    ) -> Value? {
        switch find(key, kind(), convert) {
        case .value(let value): value
        case .wrong: placeholder
        case .nothing: nil
        }
    }

    /// The elements of a list, converted by `convert`; nil if the key is missing. Wrong elements
    /// are omitted.
    package func list<Value>(
        _ key: String, _ kind: String, _ convert: (JSON) -> Value?
    ) -> [Value]? {
        guard let value = self[key] else { return nil }
        let isYAML = context.syntax == .yaml
        guard let items = value.array else {
            add(key, (isYAML ? "" : "is \(value.shortDescription), ") + "must be \(kind)")
            return []
        }
        return items.compactMap { item in
            if let converted = convert(item) { return converted }
            add(key, (isYAML ? "" : "has \(item.shortDescription), ") + "must be \(kind)")
            return nil
        }
    }
}
