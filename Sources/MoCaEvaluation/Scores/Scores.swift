// What an evaluation writes: `scores.json`, and MMEB's `NAME_score.json`.

package import MoCaSettings

/// The share of queries answered rightly.
package struct PrecisionScore: Sendable, Hashable {
    /// Queries answered rightly.
    package var correctCount: Int
    /// Queries asked; above 0.
    package var queryCount: Int
    /// The share that guessing gets.
    package var chance: Double?
    /// How many of the answers hang on rounding.
    package var stability: StabilityCount?
    /// Queries among whose candidates the right one stands twice, by its inputs: a tie, which counts
    /// against it. nil in files of older versions.
    package var duplicateOfRightCount: Int?

    package init(
        correctCount: Int, queryCount: Int, chance: Double? = nil,
        stability: StabilityCount? = nil
    ) {
        self.correctCount = correctCount
        self.queryCount = queryCount
        (self.chance, self.stability) = (chance, stability)
    }

    /// The share of right answers.
    package var precision: Double { Double(correctCount) / Double(queryCount) }
    /// Its 95 % interval.
    package var interval: ConfidenceInterval {
        .wilson(successes: correctCount, count: queryCount)
    }
}

/// The means of a retrieval set.
package struct RetrievalScore: Sendable, Hashable {
    package var metrics: RankingMetrics
    /// What a random order gets.
    package var chance: RankingMetrics?
    /// 95 % intervals by name of the measure, such as `ndcg_at_5`.
    package var intervals: [String: ConfidenceInterval]
    /// Judged queries.
    package var queryCount: Int
    /// How many of their outcomes hang on rounding.
    package var stability: StabilityCount?
    /// What the judgements lack, and what they name that is not there; nil of a language.
    package var judgements: JudgementCount?
    /// What the intervals were drawn from; nil of a language, whose queries are drawn.
    package var bootstrap: BootstrapUnits?
    /// The means over the queries of each language.
    package var byLanguage: [String: RetrievalScore] = [:]

    package init(
        metrics: RankingMetrics, chance: RankingMetrics? = nil,
        intervals: [String: ConfidenceInterval] = [:], queryCount: Int
    ) {
        self.metrics = metrics
        self.chance = chance
        self.intervals = intervals
        self.queryCount = queryCount
    }
}

/// Where the files of a retrieval set do not fit together; none of it is an error in published sets.
package struct JudgementCount: Sendable, Hashable, Codable {
    /// Queries without any judgement; the means leave them out.
    package var unjudgedQueries: Int
    /// Judgements of queries that the set does not have.
    package var ofUnknownQueries: Int
    /// Judgements of documents that the corpus does not have; relevant ones count as not found.
    package var ofUnknownDocuments: Int

    package init(unjudgedQueries: Int, ofUnknownQueries: Int, ofUnknownDocuments: Int) {
        self.unjudgedQueries = unjudgedQueries
        self.ofUnknownQueries = ofUnknownQueries
        self.ofUnknownDocuments = ofUnknownDocuments
    }

    private enum CodingKeys: String, CodingKey {
        case unjudgedQueries = "num_queries_without"
        case ofUnknownQueries = "num_of_unknown_queries"
        case ofUnknownDocuments = "num_of_unknown_documents"
    }
}

/// The score of one set, of either kind.
package enum SetScore: Sendable, Hashable {
    case precision(PrecisionScore)
    case retrieval(RetrievalScore)

    /// The value of the measure `metric`, such as `ndcg_at_5`.
    package func value(of metric: String) -> Double? {
        switch self {
        case .precision(let score): metric == PrecisionAtOne.measure ? score.precision : nil
        case .retrieval(let score): score.metrics.named[metric]
        }
    }

    /// The values of all measures by name.
    package var values: [String: Double] {
        switch self {
        case .precision(let score): ["precision_at_1": score.precision]
        case .retrieval(let score): score.metrics.named
        }
    }

    /// What chance gets of the measure `metric`.
    package func chance(of metric: String) -> Double? {
        switch self {
        case .precision(let score): metric == PrecisionAtOne.measure ? score.chance : nil
        case .retrieval(let score): score.chance?.named[metric]
        }
    }

    /// The 95 % interval of the measure `metric`, where there is one.
    package func interval(of metric: String) -> ConfidenceInterval? {
        switch self {
        case .precision(let score): metric == PrecisionAtOne.measure ? score.interval : nil
        case .retrieval(let score): score.intervals[metric]
        }
    }
}

/// The mean over a group of sets.
package struct GroupScore: Sendable, Hashable, Codable {
    /// The measure that is averaged.
    package var metric: String
    /// nil while a set is missing: a mean over other sets is another figure.
    package var mean: Double?
    /// The 95 % interval of the mean: the queries of each set are drawn anew.
    package var interval: ConfidenceInterval?
    /// The sets of the group that were scored.
    package var sets: [String]
    /// The sets of the group that were not.
    package var missing: [String]
    /// Where the list of sets is from; nil for whatever was scored.
    package var source: String?

    package init(
        metric: String, mean: Double?, interval: ConfidenceInterval? = nil, sets: [String],
        missing: [String] = [], source: String? = nil
    ) {
        (self.metric, self.mean, self.interval) = (metric, mean, interval)
        (self.sets, self.missing, self.source) = (sets, missing, source)
    }
}

/// `scores.json`.
package struct Scores: Sendable, Hashable, Codable {
    /// The scores by name of the set.
    package var sets: [String: SetScore]
    /// The means by name of the group.
    package var groups: [String: GroupScore]
    /// How the model was run.
    package var settings: [String: JSON]
    /// Digests of what the sets hold, by name: inputs without the model's prompts, and what is
    /// right.
    package var data: [String: String]
    /// SHA-256 of each set's `NAME_queries.jsonl`, by name: the outcomes that the scores are of.
    package var outcomes: [String: String]

    package init(
        sets: [String: SetScore], groups: [String: GroupScore] = [:],
        settings: [String: JSON] = [:], data: [String: String] = [:],
        outcomes: [String: String] = [:]
    ) {
        self.sets = sets
        self.groups = groups
        (self.settings, self.data, self.outcomes) = (settings, data, outcomes)
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        sets = try values.decode([String: SetScore].self, forKey: .sets)
        groups = try values.decodeIfPresent([String: GroupScore].self, forKey: .groups) ?? [:]
        settings =
            try values.decodeIfPresent([String: JSON].self, forKey: .settings) ?? [:]
        data = try values.decodeIfPresent([String: String].self, forKey: .data) ?? [:]
        outcomes = try values.decodeIfPresent([String: String].self, forKey: .outcomes) ?? [:]
    }
}
