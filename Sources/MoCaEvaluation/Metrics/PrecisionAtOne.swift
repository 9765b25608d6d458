// The score of MMEB: is the right candidate, which is the first, the only best one?

/// Counts the queries whose right candidate has the greatest score.
///
///     var evaluation = PrecisionAtOne()
///     try evaluation.add(scores, query: "42")
///     let score = try evaluation.score(set: "CIRR")
package struct PrecisionAtOne: Sendable {
    /// The name of the measure.
    package static let measure = Metric.precisionAt1.rawValue

    /// The outcomes so far.
    package private(set) var outcomes: [QueryOutcome] = []
    /// The sum over queries of 1 / the number of candidates.
    private var chanceSum = 0.0
    private var duplicateOfRightCount = 0

    package init() {}

    /// Queries answered rightly.
    package var correctCount: Int { outcomes.count { $0.measures[Self.measure] == 1 } }

    /// Counts one query; candidate 0 is right. A tie for the greatest score is a miss.
    ///
    /// - Parameters:
    ///   - scores: one score a candidate.
    ///   - query: what errors call the query.
    ///   - candidates: what errors call the candidates; their numbers when left out.
    ///   - hasDuplicateOfRight: whether another candidate is the same as the right one: the query
    ///     cannot be answered.
    /// - Returns: whether the right candidate won.
    /// - Throws: `EvaluationError.noCandidates`, `.notFinite`.
    @discardableResult
    package mutating func add(
        _ scores: [Float], query: String, candidates: [String] = [],
        hasDuplicateOfRight: Bool = false
    ) throws -> Bool {
        guard let right = scores.first else {
            throw EvaluationError.noCandidates(query: query)
        }
        if let bad = scores.firstIndex(where: { !$0.isFinite }) {
            let name = bad < candidates.count ? candidates[bad] : String(bad)
            throw EvaluationError.notFinite(query: query, candidate: name)
        }
        let rivals = scores.dropFirst().count { $0 >= right }
        let isCorrect = rivals == 0
        chanceSum += 1 / Double(scores.count)
        duplicateOfRightCount += hasDuplicateOfRight ? 1 : 0
        // Among equals the right one is last, as it counts.
        let order = scores.indices.sorted { (scores[$0], $0) > (scores[$1], $1) }
        var outcome = QueryOutcome(
            query: query, measures: [Self.measure: isCorrect ? 1 : 0],
            best: order.prefix(QueryOutcome.listedCount).map {
                ScoredCandidate(id: String($0), score: scores[$0])
            },
            relevant: [ScoredCandidate(id: "0", score: right)],
            stability: Self.stability(right, scores.dropFirst().max()))
        outcome.rankOfRelevant = rivals + 1
        outcome.hasTies =
            scores.dropFirst().contains(right)
            || order.count > 1 && scores[order[0]] == scores[order[1]]
        outcomes.append(outcome)
        return isCorrect
    }

    private static func stability(_ right: Float, _ wrong: Float?) -> QueryOutcome.Stability {
        guard let wrong else { return .stable }
        if right == wrong { return .tied }
        return abs(right - wrong) <= QueryOutcome.Stability.gap ? .near : .stable
    }

    /// The share of right answers, with its 95 % interval.
    ///
    /// - Throws: `EvaluationError.noQueries`; `set` is what it calls the set.
    package func score(set: String) throws -> PrecisionScore {
        guard !outcomes.isEmpty else { throw EvaluationError.noQueries(set: set) }
        var score = PrecisionScore(
            correctCount: correctCount, queryCount: outcomes.count,
            chance: chanceSum / Double(outcomes.count), stability: StabilityCount(outcomes))
        score.duplicateOfRightCount = duplicateOfRightCount
        return score
    }
}
