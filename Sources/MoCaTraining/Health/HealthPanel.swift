// How embeddings do in contrastive training, task by task: a line of health.jsonl.

/// What the vectors of one step say about one task.
package struct HealthPanel: Sendable, Hashable, Codable {
    /// Name of the file in a run folder.
    package static let fileName = "health.jsonl"

    /// Similarities of one kind.
    package struct Similarities: Sendable, Hashable, Codable {
        package var count: Int
        package var mean: Double
        package var min: Double
        package var max: Double
        /// Counts of `ValueHistogram.binCount` bins from -1 to 1.
        package var bins: [Int]

        init(_ histogram: ValueHistogram) {
            (count, mean) = (histogram.count, histogram.mean)
            (min, max, bins) = (histogram.min, histogram.max, histogram.bins)
        }
    }

    /// A query and the candidate that is most similar to it beside its positive.
    package struct HardNegative: Sendable, Hashable, Codable {
        /// The record of the query.
        package var query: String
        /// The record that the candidate is from.
        package var owner: String
        /// 0 for the owner's positive, else which of its negatives, from 1.
        package var negative: Int
        package var similarity: Double
        /// That of the query and its own positive.
        package var positive: Double
    }

    package var step: Int
    package var task: String
    package var queries: Int
    package var positive: Similarities
    package var negative: Similarities
    /// Share of queries whose positive is above all their negatives.
    package var accuracy: Double
    /// Share of queries whose best negative is above the positive by more than `margin`: such a
    /// negative is likely to be right.
    package var falseNegativeRate: Double
    package var margin: Double
    /// Share of queries that meet their positive's content again among the candidates.
    package var repeatedRate: Double
    /// Mean squared distance of query and positive; this and what follows is nil where it is not
    /// finite.
    package var alignment: Double?
    /// Mean of those of queries and of documents; nil where pairs are missing.
    package var uniformity: Double?
    /// Distance between the centroids of inputs with and without images; nil without both kinds.
    package var modalityGap: Double?
    /// Mean over pairs of queries.
    package var queryCosine: Double?
    /// Mean over pairs of documents of different content.
    package var documentCosine: Double?
    /// Directions that the vectors use.
    package var effectiveRank: Double?
    /// The hardest first.
    package var hardest: [HardNegative]

    enum CodingKeys: String, CodingKey {
        case step, task, queries, positive, negative, accuracy, margin, alignment, uniformity
        case hardest
        case falseNegativeRate = "false_negative_rate"
        case repeatedRate = "repeated_rate"
        case modalityGap = "modality_gap"
        case queryCosine = "query_cosine"
        case documentCosine = "document_cosine"
        case effectiveRank = "effective_rank"
    }

    // MARK: Collapse

    /// Vectors that are this similar in the mean tell nothing apart.
    static let collapseCosine = 0.98
    /// So few directions are used by vectors that lie on a line.
    static let collapseRank = 1.5
    /// Fewer vectors may be similar by chance.
    static let collapseQueryCount = 8

    /// Why the vectors have collapsed; nil when they have not.
    package var collapse: String? {
        guard queries >= Self.collapseQueryCount else { return nil }
        for (name, cosine) in [("queries", queryCosine), ("documents", documentCosine)] {
            if let cosine, cosine > Self.collapseCosine {
                return "\(name) of \(task) have a mean cosine of \(Self.short(cosine)), above "
                    + Self.short(Self.collapseCosine)
            }
        }
        if let effectiveRank, effectiveRank < Self.collapseRank {
            return "vectors of \(task) use \(Self.short(effectiveRank)) directions, fewer than "
                + Self.short(Self.collapseRank)
        }
        return nil
    }

    private static func short(_ value: Double) -> String {
        "\((value * 1000).rounded() / 1000)"
    }

    // MARK: Events

    /// Its numbers and histograms, under the task's name.
    var eventValues: [(tag: String, value: EventValue)] {
        let numbers: [(String, Double?)] = [
            ("accuracy", accuracy), ("false_negative_rate", falseNegativeRate),
            ("repeated_rate", repeatedRate), ("alignment", alignment),
            ("uniformity", uniformity), ("modality_gap", modalityGap),
            ("query_cosine", queryCosine), ("document_cosine", documentCosine),
            ("effective_rank", effectiveRank),
        ]
        return numbers.compactMap { name, value in
            value.map { ("health/\(task)/\(name)", .scalar($0)) }
        }
    }
}
