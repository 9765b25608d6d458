// The result of one query.

/// A candidate or document with its similarity to a query.
package struct ScoredCandidate: Sendable, Hashable, Codable {
    /// A document's id, or the index of a candidate in MMEB.
    package let id: String
    package let score: Float

    package init(id: String, score: Float) {
        (self.id, self.score) = (id, score)
    }
}

/// The outcome of one query.
package struct QueryOutcome: Sendable, Hashable, Codable {
    package let query: String
    /// The query's text and the path of its image; nil if not recorded.
    package var input: String?
    /// The query's language, if the set declares it.
    package let language: String?
    /// The id of the first query among its translations; nil in sets without translations.
    package let group: String?
    /// Measures by name, such as `precision_at_1`.
    package let measures: [String: Double]
    /// The top of the ranking, best first.
    package let best: [ScoredCandidate]
    /// The relevant candidates ranked highest, best first.
    package let relevant: [ScoredCandidate]
    /// The rank of the first relevant candidate among all, from 1, also below the cut-offs. In
    /// MMEB, the rank of the right candidate, which is last among equals. nil if none is relevant.
    package var rankOfRelevant: Int?
    package let stability: Stability
    /// Whether any two ranked similarities are equal, regardless of effect: among those down to the
    /// deepest cut-off and the one below it, or between the first relevant candidate and any other.
    /// nil in files of older versions.
    package var hasTies: Bool?

    package init(
        query: String, language: String? = nil, group: String? = nil,
        measures: [String: Double], best: [ScoredCandidate], relevant: [ScoredCandidate],
        stability: Stability
    ) {
        (self.query, self.language, self.group) = (query, language, group)
        (self.measures, self.best, self.relevant) = (measures, best, relevant)
        self.stability = stability
    }

    private enum CodingKeys: String, CodingKey {
        case query, input, language, group, measures, best, relevant, stability
        case rankOfRelevant = "rank_of_relevant"
        case hasTies = "has_ties"
    }

    /// The maximum length of `best` and `relevant`.
    static let listedCount = 3

    /// Whether rounding could have changed the outcome.
    package enum Stability: String, Sendable, Hashable, Codable {
        /// No two candidates of different relevance are close enough for rounding to change a
        /// measure.
        case stable
        /// The outcome depends on similarities that differ by at most `gap`.
        case near
        /// The outcome depends on equal similarities, that is on the rule for ties.
        case tied

        /// The amount by which another batch size or order of inputs may change a similarity, in
        /// float32.
        package static let margin: Float = 1e-5
        /// The greatest difference of two similarities whose sign may change: each may move by
        /// `margin` towards the other.
        static let gap = 2 * margin

        /// The greatest difference of two sums of similarities, one for each of a query's vectors,
        /// whose sign may change.
        static func gap(vectorCount: Int) -> Float { Float(vectorCount) * gap }
    }
}
