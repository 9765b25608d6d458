// Path patterns, with the semantics of the Hub's own tools.

import Foundation

/// A path pattern: `*` is any characters (also `/`), `?` one, `[abc]` one of these, `{a,b}` either.
package struct Glob: Sendable, Hashable, CustomStringConvertible {
    package let description: String
    private let alternatives: [String]

    package init(_ text: String) {
        description = text
        alternatives = Self.alternatives(of: text[...])
    }

    /// Whether the pattern matches a whole path.
    package func matches(_ path: String) -> Bool {
        alternatives.contains { fnmatch($0, path, 0) == 0 }
    }

    /// Expands the braces, which do not nest.
    private static func alternatives(of text: Substring) -> [String] {
        guard let opening = text.firstIndex(of: "{"),
            let closing = text[opening...].firstIndex(of: "}")
        else { return [String(text)] }
        let choices = text[text.index(after: opening)..<closing]
            .split(separator: ",", omittingEmptySubsequences: false)
        let tails = alternatives(of: text[text.index(after: closing)...])
        return choices.flatMap { choice in tails.map { text[..<opening] + choice + $0 } }
    }
}

extension [Glob] {
    /// Whether any of the patterns matches.
    func matches(_ path: String) -> Bool { contains { $0.matches(path) } }
}
