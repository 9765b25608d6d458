// Regular expressions over the names of parameters and modules.

/// A valid regular expression over names.
///
///     KeyPattern("^visual\\.")?.isFound(in: "visual.merger.ln_q.weight")
public struct KeyPattern: Sendable, Hashable, Codable {
    /// The text of the regular expression.
    public let text: String

    /// Creates a pattern; returns nil if `text` is not a regular expression.
    public init?(_ text: String) {
        guard Self.expression(text) != nil else { return nil }
        self.text = text
    }

    /// Whether the pattern matches somewhere in `key`.
    public func isFound(in key: String) -> Bool {
        Self.expression(text).map { key.firstMatch(of: $0) != nil } ?? false
    }

    /// Whether the pattern matches all of `key`.
    public func isWhole(_ key: String) -> Bool {
        Self.expression(text).map { key.wholeMatch(of: $0) != nil } ?? false
    }

    /// Compiled on each use, because a compiled expression cannot be sent between threads.
    private static func expression(_ text: String) -> Regex<AnyRegexOutput>? {
        do { return try Regex(text) } catch { return nil }
    }
}
