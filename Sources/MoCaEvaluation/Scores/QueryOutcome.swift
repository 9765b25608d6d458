// The result of one query.

/// A candidate or document, and its similarity to a query.
package struct ScoredCandidate: Sendable, Hashable, Codable {
    /// A document's id; of MMEB, the number of the candidate.
    package let id: String
    package let score: Float

    package init(id: String, score: Float) {
        (self.id, self.score) = (id, score)
    }
}

/// What one query got.
package struct QueryOutcome: Sendable, Hashable, Codable {
    package let query: String
    /// What was asked: the query's text, and the path of its image; nil where nobody said it.
    package var input: String?
    /// Where the set says it.
    package let language: String?
    /// The first query of those that are translations of one another; nil in sets without.
    package let group: String?
    /// Measures by name, such as `precision_at_1`.
    package let measures: [String: Double]
    /// The first of the ranking, the best first.
    package let best: [ScoredCandidate]
    /// The first of the relevant ones, the best ranked first.
    package let relevant: [ScoredCandidate]
    /// The rank of the first relevant one among all, from 1, also below the cut-offs; of MMEB, of the
    /// right candidate, which is last among equals. nil where none is relevant.
    package var rankOfRelevant: Int?
    package let stability: Stability
    /// Whether any two similarities are equal that rankings are made of, whatever they decide: of
    /// those down to the deepest cut-off and the one below it, or that of the first relevant one and
    /// any other. nil in files of older versions.
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

    /// How many candidates `best` and `relevant` list.
    static let listedCount = 3

    /// Whether rounding could have made another outcome.
    package enum Stability: String, Sendable, Hashable, Codable {
        /// No two candidates of different relevance are so near that a measure hangs on rounding.
        case stable
        /// Similarities that differ by no more than `gap` decide.
        case near
        /// Equal similarities decide: the rule for ties does.
        case tied

        /// What another batch size or order of inputs may move one similarity by, in float32.
        package static let margin: Float = 1e-5
        /// The greatest difference of two similarities that may change its sign: each may move by
        /// `margin`, towards the other.
        static let gap = 2 * margin
    }
}
