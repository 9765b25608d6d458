// One mapping of a manifest. A key that nobody asks for is unknown; all problems are kept, none is
// thrown before the end.

import Foundation
import Yams

/// What is wrong at one key of a manifest.
package struct ManifestProblem: Sendable, Hashable, CustomStringConvertible {
    /// Such as `sources[0].hub`.
    package let key: String
    package let reason: String

    package init(_ key: String, _ reason: String) {
        (self.key, self.reason) = (key, reason)
    }

    package var description: String { "\(key) \(reason)" }
}

/// The problems that all sections of one manifest found.
final class ManifestProblems {
    private(set) var list: [ManifestProblem] = []

    func add(_ key: String, _ reason: String) {
        list.append(ManifestProblem(key, reason))
    }
}

/// Reads the keys of one mapping.
final class ManifestSection {
    private let path: String
    private let values: [String: Node]
    private let problems: ManifestProblems
    private var asked: Set<String> = []

    init(_ node: Node, path: String, _ problems: ManifestProblems) {
        (self.path, self.problems) = (path, problems)
        var values: [String: Node] = [:]
        if let mapping = node.mapping {
            for (key, value) in mapping { values[key.scalar?.string ?? ""] = value }
        } else {
            problems.add(path.isEmpty ? "manifest" : path, "must be a mapping of keys to values")
        }
        self.values = values
    }

    private func keyPath(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    func add(_ key: String, _ reason: String) { problems.add(keyPath(key), reason) }

    /// A problem of the section itself.
    func addHere(_ reason: String) { problems.add(path.isEmpty ? "manifest" : path, reason) }

    func has(_ key: String) -> Bool { value(key) != nil }

    private func value(_ key: String) -> Node? {
        asked.insert(key)
        return values[key]
    }

    /// Reports the keys that nobody asked for.
    func finish() {
        for key in values.keys.sorted() where !asked.contains(key) {
            add(key, "is unknown (known here: \(asked.sorted().joined(separator: ", ")))")
        }
    }

    /// A text that may be absent.
    func string(_ key: String) -> String? {
        guard let node = value(key) else { return nil }
        guard let scalar = node.scalar, !scalar.string.isEmpty else {
            add(key, "must be a text")
            return nil
        }
        return scalar.string
    }

    /// A number of bytes, or a count, that may be absent.
    func count(_ key: String) -> Int? {
        guard let text = string(key) else { return nil }
        guard let number = Int(text.replacing("_", with: "")), number >= 0 else {
            add(key, "is '\(text)', must be an integer of at least 0")
            return nil
        }
        return number
    }

    func bool(_ key: String, default fallback: Bool) -> Bool {
        switch string(key) {
        case nil: return fallback
        case "true": return true
        case "false": return false
        case let text?:
            add(key, "is '\(text)', must be true or false")
            return fallback
        }
    }

    /// 64 hexadecimal digits that may be absent.
    func sha256(_ key: String) -> String? {
        guard let text = string(key)?.lowercased() else { return nil }
        guard text.utf8.count == 64, text.allSatisfy(\.isHexDigit) else {
            add(key, "is '\(text)', must be 64 hexadecimal digits")
            return nil
        }
        return text
    }

    /// One of the values of an enumeration of texts.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ key: String, default fallback: Choice
    ) -> Choice where Choice.RawValue == String {
        guard let text = string(key) else { return fallback }
        guard let choice = Choice(rawValue: text) else {
            let all = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            add(key, "is '\(text)', must be one of \(all)")
            return fallback
        }
        return choice
    }

    /// A folder below the output; the output itself where it is absent.
    func innerPath(_ key: String) -> InnerPath {
        do {
            return try InnerPath(string(key) ?? "")
        } catch {
            add(key, "is refused: \(error.reason)")
            return InnerPath(components: [])
        }
    }

    /// A list of patterns; empty where it is absent.
    func globs(_ key: String) -> [Glob] {
        guard let node = value(key) else { return [] }
        let texts = node.sequence?.map { $0.scalar?.string ?? "" }
        guard let texts, !texts.isEmpty, !texts.contains("") else {
            add(key, "must be a list of patterns")
            return []
        }
        return texts.map(Glob.init)
    }

    /// A list of mappings; empty where it is absent.
    func sections(_ key: String) -> [ManifestSection] {
        guard let node = value(key) else { return [] }
        guard let sequence = node.sequence, !sequence.isEmpty else {
            add(key, "must be a list")
            return []
        }
        return sequence.enumerated().map { index, item in
            ManifestSection(item, path: "\(keyPath(key))[\(index)]", problems)
        }
    }
}
