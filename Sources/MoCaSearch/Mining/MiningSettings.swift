// Which neighbours of a query become its hard negatives: the settings of sentence-transformers'
// `mine_hard_negatives`, with the same meanings.

/// Settings that select negatives and exclude candidates that are too near or too far.
package struct MiningSettings: Sendable, Hashable {
    /// How negatives are chosen among the remaining candidates.
    package enum Sampling: String, Sendable, Hashable, Codable, CaseIterable {
        /// The best candidates.
        case top
        /// A uniform random choice.
        case random
    }

    /// The maximum number of negatives per query.
    package var negatives = 3
    /// The number of best candidates to skip.
    package var rangeMin = 0
    /// The last rank from which candidates are taken; nil uses as many ranks as the other settings
    /// need.
    package var rangeMax: Int?
    /// The maximum score of a negative.
    package var maxScore: Double?
    /// The minimum score of a negative.
    package var minScore: Double?
    /// The minimum difference between the positive's score and a negative's.
    package var absoluteMargin: Double?
    /// The minimum difference as a fraction of the positive's score.
    package var relativeMargin: Double?
    package var sampling = Sampling.top
    /// The seed of the random choice.
    package var seed: UInt64 = 0

    package init() {}

    /// Checks that the settings are valid and their ranges not empty.
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

    /// The last rank that is considered.
    ///
    /// - Parameter positivesMax: the greatest number of rows of a single query.
    func rangeEnd(positivesMax: Int) -> Int {
        if let rangeMax { return rangeMax }
        // If filters may reject candidates, ten are considered for each negative.
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
