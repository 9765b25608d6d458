// One mapping of a recipe. A key that nobody asks for is unknown; all problems are kept, none is
// thrown before the end.

import Foundation
import Yams

/// What is wrong at one key of a recipe.
package struct RecipeProblem: Sendable, Hashable, CustomStringConvertible {
    /// Such as `schedule.total_steps`.
    package let key: String
    package let reason: String

    package init(_ key: String, _ reason: String) {
        (self.key, self.reason) = (key, reason)
    }

    package var description: String { "\(key) \(reason)" }
}

/// What all sections of one recipe share.
final class RecipeContext {
    /// What paths in the file are relative to.
    let folder: URL
    /// What paths in overrides are relative to.
    let workingFolder: URL
    /// Key paths that overrides gave.
    let overridden: [String]
    private(set) var problems: [RecipeProblem] = []

    init(folder: URL, workingFolder: URL, overridden: [String]) {
        (self.folder, self.workingFolder) = (folder, workingFolder)
        self.overridden = overridden
    }

    func add(_ key: String, _ reason: String) {
        problems.append(RecipeProblem(key, reason))
    }

    /// What a path at `key` is relative to.
    func base(of key: String) -> URL {
        overridden.contains { key == $0 || key.hasPrefix($0 + ".") } ? workingFolder : folder
    }
}

/// Reads the keys of one mapping.
final class RecipeSection {
    let context: RecipeContext
    private let path: String
    private let values: [String: Node]
    private var asked: Set<String> = []
    private var children: [RecipeSection] = []

    init(_ node: Node?, path: String, _ context: RecipeContext) {
        (self.path, self.context) = (path, context)
        var values: [String: Node] = [:]
        if let mapping = node?.mapping {
            for (key, value) in mapping { values[key.scalar?.string ?? ""] = value }
        } else if let node, node.null == nil {
            context.add(path.isEmpty ? "recipe" : path, "must be a mapping of keys to values")
        }
        self.values = values
    }

    /// The whole path of a key.
    func keyPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func add(_ key: String, _ reason: String) { context.add(keyPath(key), reason) }

    /// The keys that are there, sorted.
    var keys: [String] { values.keys.sorted() }

    func has(_ key: String) -> Bool { value(key) != nil }

    /// The value of a key; nil where it is absent or null.
    private func value(_ key: String) -> Node? {
        asked.insert(key)
        guard let node = values[key], node.null == nil || node.scalar?.style == .doubleQuoted
        else { return nil }
        return node
    }

    /// The mapping at a key; empty where it is absent.
    func section(_ key: String) -> RecipeSection {
        let child = RecipeSection(value(key), path: keyPath(key), context)
        children.append(child)
        return child
    }

    /// Reports the keys that nobody asked for, here and below.
    func finish() {
        for key in keys where !asked.contains(key) {
            let known = asked.sorted().joined(separator: ", ")
            add(key, "is unknown" + (known.isEmpty ? "" : " (known here: \(known))"))
        }
        for child in children { child.finish() }
    }

    // MARK: Scalars

    /// A text that may be absent.
    func optionalString(_ key: String) -> String? {
        guard let node = value(key) else { return nil }
        guard let scalar = node.scalar else {
            add(key, "must be a single value")
            return nil
        }
        return scalar.string
    }

    private func missing<Value>(
        _ key: String, _ fallback: Value?, _ kind: String, placeholder: Value
    ) -> Value {
        if let fallback { return fallback }
        add(key, "is missing, must be \(kind)")
        return placeholder
    }

    /// An integer of `range`; required without a `fallback`.
    func integer(
        _ key: String, in range: ClosedRange<Int>, default fallback: Int? = nil
    ) -> Int {
        let limit = range.upperBound == .max ? "of at least \(range.lowerBound)" : "in \(range)"
        guard let text = optionalString(key) else {
            if values[key]?.scalar == nil, values[key] != nil { return range.lowerBound }
            return missing(
                key, fallback, "an integer \(limit)", placeholder: range.lowerBound)
        }
        guard let number = Int(text.replacing("_", with: "")), range.contains(number) else {
            add(key, "is '\(text)', must be an integer \(limit)")
            return range.lowerBound
        }
        return number
    }

    /// A number that `rule` allows; required without a `fallback`.
    func number(_ key: String, _ rule: NumberRule, default fallback: Double? = nil) -> Double {
        guard let text = optionalString(key) else {
            if values[key]?.scalar == nil, values[key] != nil { return 1 }
            return missing(key, fallback, rule.rawValue, placeholder: 1)
        }
        guard let number = Double(text), number.isFinite, rule.holds(number) else {
            add(key, "is '\(text)', must be \(rule.rawValue)")
            return 1
        }
        return number
    }

    func bool(_ key: String, default fallback: Bool) -> Bool {
        switch optionalString(key) {
        case nil: return fallback
        case "true": return true
        case "false": return false
        case let text?:
            add(key, "is '\(text)', must be true or false")
            return fallback
        }
    }

    /// One of the values of an enumeration of texts.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default fallback: Choice
    ) -> Choice where Choice.RawValue == String {
        guard let text = optionalString(key) else { return fallback }
        guard let choice = Choice(rawValue: text) else {
            let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            add(key, "is '\(text)', must be one of \(all)")
            return fallback
        }
        return choice
    }

    /// A path that may be absent, made absolute.
    func optionalURL(_ key: String) -> URL? {
        optionalString(key).map { resolved($0, key) }
    }

    /// A path, made absolute; required.
    func url(_ key: String) -> URL {
        if let url = optionalURL(key) { return url }
        return missing(key, nil, "a path", placeholder: context.folder)
    }

    private func resolved(_ text: String, _ key: String) -> URL {
        if text.isEmpty { add(key, "is an empty path") }
        let base = context.base(of: keyPath(key))
        let path = URL(fileURLWithPath: text, relativeTo: base).standardizedFileURL.path
        // The same value whether or not there is such a folder yet.
        return URL(fileURLWithPath: path, isDirectory: false)
    }

    // MARK: Lists and tables

    /// A list of texts; nil where it is absent.
    func strings(_ key: String) -> [String]? {
        guard let node = value(key) else { return nil }
        guard let sequence = node.sequence else {
            add(key, "must be a list of texts")
            return []
        }
        return sequence.compactMap { item in
            if item.scalar == nil { add(key, "must be a list of texts") }
            return item.scalar?.string
        }
    }

    /// Whether the value of a key is a list.
    func isList(_ key: String) -> Bool { value(key)?.sequence != nil }

    /// A list of mappings; empty where it is absent.
    func sections(_ key: String) -> [RecipeSection] {
        guard let node = value(key) else { return [] }
        guard let sequence = node.sequence else {
            add(key, "must be a list of mappings")
            return []
        }
        let items = sequence.enumerated().map { index, item in
            RecipeSection(item, path: "\(keyPath(key))[\(index)]", context)
        }
        children += items
        return items
    }

    /// A list of paths, made absolute; required.
    func urls(_ key: String) -> [URL] {
        guard let texts = strings(key) else {
            return missing(key, nil, "a list of paths", placeholder: [])
        }
        if texts.isEmpty { add(key, "is an empty list") }
        return texts.map { resolved($0, key) }
    }

    /// Numbers from 0 by name; nil where the table is absent.
    func numberTable(_ key: String) -> [String: Double]? {
        guard value(key) != nil else { return nil }
        let table = section(key)
        return Dictionary(
            uniqueKeysWithValues: table.keys.map { name in
                (name, table.number(name, .notNegative))
            })
    }
}
