// The score of MMEB: is the right candidate, which is the first, the only best one?

/// Counts the queries whose right candidate has the greatest score.
///
///     var evaluation = PrecisionAtOne()
///     try evaluation.add(scores, query: "42")
///     let score = try evaluation.score(set: "CIRR")
package struct PrecisionAtOne: Sendable {
    /// Queries answered rightly.
    package private(set) var correctCount = 0
    /// Queries so far.
    package private(set) var queryCount = 0
    /// The sum over queries of 1 / the number of candidates.
    private var chanceSum = 0.0

    package init() {}

    /// Counts one query; candidate 0 is right. A tie for the greatest score is a miss.
    ///
    /// - Parameters:
    ///   - scores: one score a candidate.
    ///   - query: what errors call the query.
    ///   - candidates: what errors call the candidates; their numbers when left out.
    /// - Returns: whether the right candidate won.
    /// - Throws: `EvaluationError.noCandidates`, `.notANumber`.
    @discardableResult
    package mutating func add(
        _ scores: [Float], query: String, candidates: [String] = []
    ) throws -> Bool {
        guard let right = scores.first else {
            throw EvaluationError.noCandidates(query: query)
        }
        if let bad = scores.firstIndex(where: \.isNaN) {
            let name = bad < candidates.count ? candidates[bad] : String(bad)
            throw EvaluationError.notANumber(query: query, candidate: name)
        }
        let isCorrect = scores.dropFirst().allSatisfy { $0 < right }
        correctCount += isCorrect ? 1 : 0
        queryCount += 1
        chanceSum += 1 / Double(scores.count)
        return isCorrect
    }

    /// The share of right answers, with its 95 % interval.
    ///
    /// - Throws: `EvaluationError.noQueries`; `set` is what it calls the set.
    package func score(set: String) throws -> PrecisionScore {
        guard queryCount > 0 else { throw EvaluationError.noQueries(set: set) }
        return PrecisionScore(
            correctCount: correctCount, queryCount: queryCount,
            chance: chanceSum / Double(queryCount))
    }
}
