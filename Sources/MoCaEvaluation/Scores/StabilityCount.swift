// How many results of a set depend on rounding.

/// How many outcomes of a set hang on rounding.
package struct StabilityCount: Sendable, Hashable, Codable {
    /// Queries in which equal similarities decide.
    package var tied: Int
    /// Queries with any tie among the similarities that are ranked, deciding or not
    /// (`QueryOutcome.hasTies`); nil where that was not counted.
    package var withTies: Int?
    /// Queries in which similarities decide that differ by at most twice `margin`, ties among them.
    package var withinMargin: Int
    /// What one similarity may move by.
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
