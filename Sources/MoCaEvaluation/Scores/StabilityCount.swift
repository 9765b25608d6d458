// Counts the results of a set that depend on rounding.

/// Counts of a set's outcomes that depend on rounding.
package struct StabilityCount: Sendable, Hashable, Codable {
    /// The number of queries whose outcome depends on equal similarities.
    package var tied: Int
    /// The number of queries with a tie among the ranked similarities, with or without effect
    /// (`QueryOutcome.hasTies`); nil if not counted.
    package var withTies: Int?
    /// The number of queries whose outcome depends on similarities that differ by at most twice
    /// `margin`, ties included.
    package var withinMargin: Int
    /// The amount by which rounding may change one similarity.
    package var margin: Double

    package init(_ outcomes: [QueryOutcome]) {
        tied = outcomes.count { $0.stability == .tied }
        withTies =
            outcomes.allSatisfy { $0.hasTies != nil } ? outcomes.count { $0.hasTies == true } : nil
        withinMargin = outcomes.count { $0.stability != .stable }
        margin = Double(String(QueryOutcome.Stability.margin)) ?? 0
    }

    private enum CodingKeys: String, CodingKey {
        case tied = "num_tied"
        case withTies = "num_with_ties"
        case withinMargin = "num_within_margin"
        case margin
    }
}
