// The score of MMEB: whether the right candidate, the first, has the strictly greatest score.

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
    /// The sum over queries of the probability that a random choice is right.
    private var chanceSum = 0.0
    private var duplicateOfRightCount = 0

    package init() {}

    /// The number of queries answered correctly.
    package var correctCount: Int { outcomes.count { $0.measures[Self.measure] == 1 } }

    /// Counts one query. Candidate 0 and its copies are right. A tie of the greatest score with a
    /// candidate of other content is a miss.
    ///
    /// - Parameters:
    ///   - scores: one score per candidate.
    ///   - query: the name of the query in errors.
    ///   - candidates: the names of the candidates in errors; their indices by default.
    ///   - copiesOfRight: indices of the candidates whose content equals that of the right one.
    ///   - vectorCount: the number of the query's vectors.
    /// - Returns: whether the right candidate won.
    /// - Throws: `EvaluationError.noCandidates`, `.notFinite`.
    @discardableResult
    package mutating func add(
        _ scores: [Float], query: String, candidates: [String] = [],
        copiesOfRight: Set<Int> = [], vectorCount: Int = 1
    ) throws -> Bool {
        guard let right = scores.first else {
            throw EvaluationError.noCandidates(query: query)
        }
        if let bad = scores.firstIndex(where: { !$0.isFinite }) {
            let name = bad < candidates.count ? candidates[bad] : String(bad)
            throw EvaluationError.notFinite(query: query, candidate: name)
        }
        let others = scores.indices.dropFirst().filter { !copiesOfRight.contains($0) }.map {
            scores[$0]
        }
        let rivals = others.count { $0 >= right }
        let isCorrect = rivals == 0
        chanceSum += Double(1 + copiesOfRight.count) / Double(scores.count)
        duplicateOfRightCount += copiesOfRight.isEmpty ? 0 : 1
        // Among equals the right one is ranked last, consistent with the metric.
        let order = scores.indices.sorted { (scores[$0], $0) > (scores[$1], $1) }
        var outcome = QueryOutcome(
            query: query, measures: [Self.measure: isCorrect ? 1 : 0],
            best: order.prefix(QueryOutcome.listedCount).map {
                ScoredCandidate(id: String($0), score: scores[$0])
            },
            relevant: [ScoredCandidate(id: "0", score: right)],
            stability: Self.stability(
                right, others.max(), gap: QueryOutcome.Stability.gap(vectorCount: vectorCount)))
        outcome.rankOfRelevant = rivals + 1
        let ranked = (others + [right]).sorted(by: >)
        outcome.hasTies =
            others.contains(right) || ranked.count > 1 && ranked[0] == ranked[1]
        outcomes.append(outcome)
        return isCorrect
    }

    private static func stability(
        _ right: Float, _ wrong: Float?, gap: Float
    ) -> QueryOutcome.Stability {
        guard let wrong else { return .stable }
        if right == wrong { return .tied }
        return abs(right - wrong) <= gap ? .near : .stable
    }

    /// The fraction of right answers, with its 95 % interval.
    ///
    /// - Throws: `EvaluationError.noQueries`, which names `set`.
    package func score(set: String) throws -> PrecisionScore {
        guard !outcomes.isEmpty else { throw EvaluationError.noQueries(set: set) }
        var score = PrecisionScore(
            correctCount: correctCount, queryCount: outcomes.count,
            chance: chanceSum / Double(outcomes.count), stability: StabilityCount(outcomes))
        score.duplicateOfRightCount = duplicateOfRightCount
        return score
    }
}
