// The files that an evaluation writes: `scores.json`, and MMEB's `NAME_score.json`.

package import MoCaSettings

/// The fraction of queries answered correctly.
package struct PrecisionScore: Sendable, Hashable {
    /// The number of queries answered correctly.
    package var correctCount: Int
    /// The number of queries; above 0.
    package var queryCount: Int
    /// The expected precision of guessing.
    package var chance: Double?
    /// The number of answers that depend on rounding.
    package var stability: StabilityCount?
    /// The number of queries whose right candidate has duplicates (by input) among the candidates.
    /// nil in files of older versions.
    package var duplicateOfRightCount: Int?

    package init(
        correctCount: Int, queryCount: Int, chance: Double? = nil,
        stability: StabilityCount? = nil
    ) {
        self.correctCount = correctCount
        self.queryCount = queryCount
        (self.chance, self.stability) = (chance, stability)
    }

    /// The fraction of right answers.
    package var precision: Double { Double(correctCount) / Double(queryCount) }
    /// The 95 % interval of the precision.
    package var interval: ConfidenceInterval {
        .wilson(successes: correctCount, count: queryCount)
    }
}

/// The mean measures of a retrieval set.
package struct RetrievalScore: Sendable, Hashable {
    package var metrics: RankingMetrics
    /// The expected measures of a random order.
    package var chance: RankingMetrics?
    /// 95 % intervals by name of the measure, such as `ndcg_at_5`.
    package var intervals: [String: ConfidenceInterval]
    /// The number of judged queries.
    package var queryCount: Int
    /// The number of outcomes that depend on rounding.
    package var stability: StabilityCount?
    /// Mismatches between the judgements and the set; nil for a single language.
    package var judgements: JudgementCount?
    /// The units that the intervals were drawn from; nil for a single language, whose queries are
    /// drawn.
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

/// Mismatches among the files of a retrieval set. They occur in published sets and are not errors.
package struct JudgementCount: Sendable, Hashable, Codable {
    /// The number of queries without judgements; they are excluded from the means.
    package var unjudgedQueries: Int
    /// The number of judgements for queries that the set does not contain.
    package var ofUnknownQueries: Int
    /// The number of judgements for documents that the corpus does not contain; relevant ones count
    /// as not found.
    package var ofUnknownDocuments: Int
    /// The number of queries without text; they are not evaluated and are excluded from the means.
    package var emptyQueries = 0
    /// The number of documents without text and image, which are not ranked; relevant ones count as
    /// not found.
    package var emptyDocuments = 0

    package init(unjudgedQueries: Int, ofUnknownQueries: Int, ofUnknownDocuments: Int) {
        self.unjudgedQueries = unjudgedQueries
        self.ofUnknownQueries = ofUnknownQueries
        self.ofUnknownDocuments = ofUnknownDocuments
    }

    private enum CodingKeys: String, CodingKey {
        case unjudgedQueries = "num_queries_without"
        case ofUnknownQueries = "num_of_unknown_queries"
        case ofUnknownDocuments = "num_of_unknown_documents"
        case emptyQueries = "num_empty_queries"
        case emptyDocuments = "num_empty_documents"
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        unjudgedQueries = try values.decode(Int.self, forKey: .unjudgedQueries)
        ofUnknownQueries = try values.decode(Int.self, forKey: .ofUnknownQueries)
        ofUnknownDocuments = try values.decode(Int.self, forKey: .ofUnknownDocuments)
        emptyQueries = try values.decodeIfPresent(Int.self, forKey: .emptyQueries) ?? 0
        emptyDocuments = try values.decodeIfPresent(Int.self, forKey: .emptyDocuments) ?? 0
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(unjudgedQueries, forKey: .unjudgedQueries)
        try values.encode(ofUnknownQueries, forKey: .ofUnknownQueries)
        try values.encode(ofUnknownDocuments, forKey: .ofUnknownDocuments)
        // Only written if nonzero, so that other scores stay unchanged.
        if emptyQueries > 0 { try values.encode(emptyQueries, forKey: .emptyQueries) }
        if emptyDocuments > 0 { try values.encode(emptyDocuments, forKey: .emptyDocuments) }
    }
}

/// The score of one set, of either type.
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

    /// The chance level of the measure `metric`.
    package func chance(of metric: String) -> Double? {
        switch self {
        case .precision(let score): metric == PrecisionAtOne.measure ? score.chance : nil
        case .retrieval(let score): score.chance?.named[metric]
        }
    }

    /// The 95 % interval of the measure `metric`, if there is one.
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
    /// The mean; nil while a set is missing, since a mean over other sets is not comparable.
    package var mean: Double?
    /// The 95 % interval of the mean, from resampled queries of each set.
    package var interval: ConfidenceInterval?
    /// The sets of the group that were scored.
    package var sets: [String]
    /// The sets of the group that were not scored.
    package var missing: [String]
    /// The source of the list of sets; nil for the mean of all scored sets.
    package var source: String?

    package init(
        metric: String, mean: Double?, interval: ConfidenceInterval? = nil, sets: [String],
        missing: [String] = [], source: String? = nil
    ) {
        (self.metric, self.mean, self.interval) = (metric, mean, interval)
        (self.sets, self.missing, self.source) = (sets, missing, source)
    }
}

/// The contents of `scores.json`.
package struct Scores: Sendable, Hashable, Codable {
    /// The scores by name of the set.
    package var sets: [String: SetScore]
    /// The means by name of the group.
    package var groups: [String: GroupScore]
    /// How the model was run.
    package var settings: [String: JSON]
    /// Digests of the sets' contents, by name: inputs without the model's prompts, and judgements.
    package var data: [String: String]
    /// SHA-256 of each set's `NAME_queries.jsonl`, by name: the outcomes that the scores were
    /// computed from.
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
