// Which neighbours of a query become its hard negatives: the settings of sentence-transformers'
// `mine_hard_negatives`, with its meanings.

/// What is taken, and what is left out as too near or too far.
package struct MiningSettings: Sendable, Hashable {
    /// How negatives are chosen among the candidates that are left.
    package enum Sampling: String, Sendable, Hashable, Codable, CaseIterable {
        /// The best ones.
        case top
        /// Any, all equally likely.
        case random
    }

    /// Negatives a query, at most.
    package var negatives = 3
    /// So many of the best candidates are passed over.
    package var rangeMin = 0
    /// Candidates behind this rank are not taken; nil looks as far as the other settings need.
    package var rangeMax: Int?
    /// The greatest score of a negative.
    package var maxScore: Double?
    /// The least score of a negative.
    package var minScore: Double?
    /// How far below the positive's score a negative's must be.
    package var absoluteMargin: Double?
    /// The same as a share of the positive's score.
    package var relativeMargin: Double?
    package var sampling = Sampling.top
    /// Of the random choice.
    package var seed: UInt64 = 0

    package init() {}

    /// Finds ranges in which there is nothing.
    ///
    /// - Throws: `SearchError.badSetting`.
    package func check() throws(SearchError) {
        guard negatives >= 1 else {
            throw .badSetting(
                name: "negatives", value: "\(negatives)", allowed: "1 or more")
        }
        guard rangeMin >= 0 else {
            throw .badSetting(name: "range-min", value: "\(rangeMin)", allowed: "0 or more")
        }
        if let rangeMax, rangeMax - rangeMin < negatives {
            throw .badSetting(
                name: "range-max", value: "\(rangeMax)",
                allowed: "at least range-min + negatives = \(rangeMin + negatives)")
        }
        for (name, value) in [
            ("max-score", maxScore), ("min-score", minScore),
            ("absolute-margin", absoluteMargin), ("relative-margin", relativeMargin),
        ] {
            guard let value, !value.isFinite else { continue }
            throw .badSetting(name: name, value: "\(value)", allowed: "a finite number")
        }
    }

    /// The last rank that is looked at.
    ///
    /// - Parameter positivesMax: the most rows that one query has.
    func rangeEnd(positivesMax: Int) -> Int {
        if let rangeMax { return rangeMax }
        // Where candidates may be refused, ten are looked at for one that is wanted.
        let refuses = absoluteMargin != nil || relativeMargin != nil || maxScore != nil
        return rangeMin + negatives * (refuses ? 10 : 1) + positivesMax
    }
}

extension MiningSettings: Codable {
    private enum CodingKeys: String, CodingKey {
        case negatives, sampling, seed
        case rangeMin = "range_min"
        case rangeMax = "range_max"
        case maxScore = "max_score"
        case minScore = "min_score"
        case absoluteMargin = "absolute_margin"
        case relativeMargin = "relative_margin"
    }
}
