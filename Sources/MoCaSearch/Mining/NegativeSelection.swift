// From a query's nearest documents to its hard negatives, step by step as sentence-transformers
// 6.2 does it in `mine_hard_negatives`.

import MoCaCore

/// Why a candidate is no negative.
package enum MiningFilter: String, Sendable, Hashable, Codable, CaseIterable {
    case absoluteMargin = "absolute_margin"
    case relativeMargin = "relative_margin"
    case maxScore = "max_score"
    case minScore = "min_score"
}

/// Chooses negatives.
struct NegativeSelection {
    private let settings: MiningSettings
    /// The last rank that is looked at.
    private let rangeEnd: Int

    init(_ settings: MiningSettings, rangeEnd: Int) {
        (self.settings, self.rangeEnd) = (settings, rangeEnd)
    }

    /// What became of a query's candidates.
    struct Outcome {
        /// The best first.
        var negatives: [TopK.Row] = []
        /// Documents within reach that are not its positives.
        var candidateCount = 0
        /// Of these, those that a filter removed.
        var removed: [MiningFilter: Int] = [:]
    }

    /// - Parameters:
    ///   - nearest: documents and scores, the best first.
    ///   - positives: all positives of the query.
    ///   - lowestPositive: the least score of these: with several, margins are measured from it.
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

    /// The first filter that refuses a score; computed in float32, as the scores are.
    private func filter(_ score: Float, _ positive: Float) -> MiningFilter? {
        if let margin = settings.absoluteMargin, score + Float(margin) > positive {
            return .absoluteMargin
        }
        // A share of the magnitude: below a negative score of the positive, too.
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
        // The head of a shuffle (Fisher and Yates), in the order of the ranks.
        var places = Array(pool.indices)
        for index in 0..<settings.negatives {
            places.swapAt(index, Int.random(in: index..<places.count, using: &random))
        }
        return places.prefix(settings.negatives).sorted().map { pool[$0] }
    }
}
