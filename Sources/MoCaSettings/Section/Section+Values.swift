// Typed values of settings.

package import Foundation

/// The range of numbers that a key accepts.
package enum NumberRule: String, Sendable {
    case positive = "a positive number"
    case notNegative = "a number of at least 0"
    case fraction = "in 0...1"
    case any = "a number"
    case atLeastOne = "a number of at least 1"

    func allows(_ number: Double) -> Bool {
        switch self {
        case .positive: number > 0
        case .notNegative: number >= 0
        case .fraction: number >= 0 && number <= 1
        case .any: true
        case .atLeastOne: number >= 1
        }
    }
}

extension Section {
    // MARK: Numbers

    /// An integer; required without a `fallback`.
    package func integer(
        _ key: String, in range: ClosedRange<Int>? = nil, default fallback: Int? = nil
    ) -> Int {
        required(
            key, Self.kind(range), default: fallback, placeholder: range?.lowerBound ?? 1
        ) { integer($0, range) }
    }

    /// An integer that may be missing.
    package func optionalInteger(_ key: String, in range: ClosedRange<Int>? = nil) -> Int? {
        optional(key, Self.kind(range), placeholder: range?.lowerBound ?? 1) {
            integer($0, range)
        }
    }

    private static func kind(_ range: ClosedRange<Int>?) -> String {
        guard let range else { return "an integer" }
        let isOpen = range.upperBound == .max
        return "an integer " + (isOpen ? "of at least \(range.lowerBound)" : "in \(range)")
    }

    private func integer(_ value: JSON, _ range: ClosedRange<Int>?) -> Int? {
        let number =
            context.syntax == .yaml
            ? value.string.flatMap { Int($0.replacing("_", with: "")) } : value.integer
        guard let number, range?.contains(number) ?? true else { return nil }
        return number
    }

    /// A finite number that `rule` allows; required without a `fallback`.
    package func number(
        _ key: String, _ rule: NumberRule = .any, default fallback: Double? = nil
    ) -> Double {
        required(key, rule.rawValue, default: fallback, placeholder: 1) { number($0, rule) }
    }

    private func number(_ value: JSON, _ rule: NumberRule) -> Double? {
        let number =
            context.syntax == .yaml ? value.string.flatMap { Double($0) } : value.number
        guard let number, number.isFinite, rule.allows(number) else { return nil }
        return number
    }

    /// A table of numbers of at least 0 by name; nil if it is missing.
    package func numberTable(_ key: String) -> [String: Double]? {
        guard let table = optionalSection(key) else { return nil }
        return Dictionary(
            uniqueKeysWithValues: table.keys.map { ($0, table.number($0, .notNegative)) })
    }

    /// A list of integers; required without a `fallback`.
    package func integers(_ key: String, default fallback: [Int]? = nil) -> [Int] {
        let kind = "a list of integers"
        if let integers = list(key, kind, { integer($0, nil) }) { return integers }
        if fallback == nil { add(key, "is missing, must be \(kind)") }
        return fallback ?? []
    }

    /// A list of numbers; nil if it is missing.
    package func numbers(_ key: String) -> [Double]? {
        list(key, "a list of numbers") { number($0, .any) }
    }

    // MARK: Truth values and texts

    /// A Boolean value; required without a `fallback`.
    package func bool(_ key: String, default fallback: Bool? = nil) -> Bool {
        required(
            key, "true or false", default: fallback, placeholder: fallback ?? false
        ) { value in
            guard context.syntax == .yaml else { return value.bool }
            return value.string.flatMap(Bool.init)
        }
    }

    /// A string that may be missing.
    package func optionalString(_ key: String) -> String? {
        optional(key, "a string", placeholder: context.syntax == .json ? "" : nil, \.string)
    }

    /// A list of strings; nil if it is missing.
    package func strings(_ key: String) -> [String]? { list(key, "a list of texts", \.string) }

    /// Whether the value of a key is a list.
    package func isList(_ key: String) -> Bool { self[key]?.array != nil }

    /// A value of a string enumeration.
    package func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String, default fallback: Choice
    ) -> Choice {
        optionalChoice(key) ?? fallback
    }

    /// A value of a string enumeration; nil if it is missing or wrong.
    package func optionalChoice<Choice: RawRepresentable<String> & CaseIterable>(
        _ key: String
    ) -> Choice? {
        optional(
            key, "one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "),
            placeholder: nil
        ) { $0.string.flatMap(Choice.init(rawValue:)) }
    }

    // MARK: Paths

    /// A path that may be missing, made absolute.
    package func optionalURL(_ key: String) -> URL? {
        optionalString(key).map { resolved($0, key) }
    }

    /// A path, made absolute; required.
    package func url(_ key: String) -> URL {
        if let url = optionalURL(key) { return url }
        add(key, "is missing, must be a path")
        return context.folder
    }

    /// A list of paths, made absolute; required, and not empty.
    package func urls(_ key: String) -> [URL] {
        guard let texts = strings(key) else {
            add(key, "is missing, must be a list of paths")
            return []
        }
        if texts.isEmpty { add(key, "is an empty list") }
        return texts.map { resolved($0, key) }
    }

    private func resolved(_ text: String, _ key: String) -> URL {
        if text.isEmpty { add(key, "is an empty path") }
        let base = context.sources.source(of: keyPath(key)).folder
        let path = URL(fileURLWithPath: text, relativeTo: base).standardizedFileURL.path
        // The value must not depend on whether such a folder exists yet.
        return URL(fileURLWithPath: path, isDirectory: false)
    }
}
