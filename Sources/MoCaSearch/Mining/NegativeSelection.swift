// Selects a query's hard negatives among its nearest documents, following sentence-transformers
// 6.2's `mine_hard_negatives` step by step.

import MoCaCore

/// The reason why a candidate was rejected as a negative.
package enum MiningFilter: String, Sendable, Hashable, Codable, CaseIterable {
    case absoluteMargin = "absolute_margin"
    case relativeMargin = "relative_margin"
    case maxScore = "max_score"
    case minScore = "min_score"
}

/// Selects negatives by the settings.
struct NegativeSelection {
    private let settings: MiningSettings
    /// The last rank that is considered.
    private let rangeEnd: Int

    init(_ settings: MiningSettings, rangeEnd: Int) {
        (self.settings, self.rangeEnd) = (settings, rangeEnd)
    }

    /// The result of selection for one query.
    struct Outcome {
        /// The selected negatives, best first.
        var negatives: [TopK.Row] = []
        /// The number of nearest documents that are not positives of the query.
        var candidateCount = 0
        /// The number of candidates that each filter removed.
        var removed: [MiningFilter: Int] = [:]
    }

    /// - Parameters:
    ///   - nearest: documents and scores, best first.
    ///   - positives: all positives of the query.
    ///   - lowestPositive: the lowest score of the positives, from which margins are measured.
    func callAsFunction(
        _ nearest: [TopK.Row], positives: Set<Int>, lowestPositive: Float,
        using random: inout RandomSource
    ) -> Outcome {
        var outcome = Outcome()
        var kept: [TopK.Row] = []
        for row in nearest where !positives.contains(row.row) {
            outcome.candidateCount += 1
            if let filter = filter(row.score, lowestPositive) {
                outcome.removed[filter, default: 0] += 1
            } else {
                kept.append(row)
            }
        }
        let pool = Array(kept.prefix(rangeEnd).dropFirst(settings.rangeMin))
        outcome.negatives = choose(from: pool, using: &random)
        return outcome
    }

    /// The first filter that rejects a score; computed in float32, like the scores.
    private func filter(_ score: Float, _ positive: Float) -> MiningFilter? {
        if let margin = settings.absoluteMargin, score + Float(margin) > positive {
            return .absoluteMargin
        }
        // A fraction of the magnitude, so that the limit is also below a negative positive's score.
        if let margin = settings.relativeMargin,
            score > positive - abs(positive) * Float(margin)
        {
            return .relativeMargin
        }
        if let limit = settings.maxScore, score > Float(limit) { return .maxScore }
        if let limit = settings.minScore, score < Float(limit) { return .minScore }
        return nil
    }

    private func choose(
        from pool: [TopK.Row], using random: inout RandomSource
    ) -> [TopK.Row] {
        guard settings.sampling == .random, pool.count > settings.negatives else {
            return Array(pool.prefix(settings.negatives))
        }
        // The head of a Fisher-Yates shuffle, in rank order.
        var places = Array(pool.indices)
        for index in 0..<settings.negatives {
            places.swapAt(index, Int.random(in: index..<places.count, using: &random))
        }
        return places.prefix(settings.negatives).sorted().map { pool[$0] }
    }
}
