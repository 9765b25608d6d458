// Patterns of paths, as the Hub's own tools read them.

import Foundation

/// `*` any characters (also `/`), `?` one, `[abc]` one of these, `{a,b}` either text.
package struct Glob: Sendable, Hashable, CustomStringConvertible {
    package let description: String
    private let alternatives: [String]

    package init(_ text: String) {
        description = text
        alternatives = Self.alternatives(of: text[...])
    }

    /// Whether a whole path fits.
    package func matches(_ path: String) -> Bool {
        alternatives.contains { fnmatch($0, path, 0) == 0 }
    }

    /// Writes the braces out; they do not nest.
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
    /// Whether one of them fits.
    func matches(_ path: String) -> Bool { contains { $0.matches(path) } }
}
