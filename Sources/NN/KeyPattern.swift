// Regular expressions over the names of parameters and modules.

/// A regular expression that was read without error.
///
///     KeyPattern("^visual\\.")?.isFound(in: "visual.merger.ln_q.weight")
public struct KeyPattern: Sendable, Hashable, Codable {
    /// The expression.
    public let text: String

    /// Returns nil if `text` is not a regular expression.
    public init?(_ text: String) {
        guard Self.expression(text) != nil else { return nil }
        self.text = text
    }

    /// Whether a part of `key` is as the pattern says.
    public func isFound(in key: String) -> Bool {
        Self.expression(text).map { key.firstMatch(of: $0) != nil } ?? false
    }

    /// Whether all of `key` is as the pattern says.
    public func isWhole(_ key: String) -> Bool {
        Self.expression(text).map { key.wholeMatch(of: $0) != nil } ?? false
    }

    /// Compiled on each use, because a compiled expression cannot be sent between threads.
    private static func expression(_ text: String) -> Regex<AnyRegexOutput>? {
        do { return try Regex(text) } catch { return nil }
    }
}
