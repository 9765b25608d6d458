// A line of health.jsonl: the health of the embeddings of one task in contrastive training.

/// The health measures of one task's embeddings at one step.
package struct HealthRow: Sendable, Hashable, Codable {
    /// Name of the file in a run folder.
    package static let fileName = "health.jsonl"

    /// The distribution of one kind of similarity.
    package struct Similarities: Sendable, Hashable, Codable {
        /// The number of similarities.
        package var count: Int
        /// The mean similarity.
        package var mean: Double
        /// The smallest similarity.
        package var min: Double
        /// The largest similarity.
        package var max: Double
        /// The counts of `ValueHistogram.binCount` bins from -1 to 1.
        package var bins: [Int]

        /// Creates a summary of a histogram.
        package init(_ histogram: ValueHistogram) {
            count = histogram.count
            mean = histogram.mean
            min = histogram.min
            max = histogram.max
            bins = histogram.bins
        }
    }

    /// A query and its most similar candidate other than the positive.
    package struct HardNegative: Sendable, Hashable, Codable {
        /// The record of the query.
        package var query: String
        /// The record that the candidate is from.
        package var owner: String
        /// The index of the candidate in its record: 0 for the positive, from 1 for negatives.
        package var negative: Int
        /// The similarity of the query and the candidate.
        package var similarity: Double
        /// The similarity of the query and its own positive.
        package var positive: Double

        /// Creates a hard negative.
        package init(
            query: String, owner: String, negative: Int, similarity: Double, positive: Double
        ) {
            self.query = query
            self.owner = owner
            self.negative = negative
            self.similarity = similarity
            self.positive = positive
        }
    }

    /// The number of finished steps.
    package var step: Int
    /// The name of the data subset.
    package var task: String
    /// The number of queries.
    package var queries: Int
    /// The similarities of queries and their positives.
    package var positive: Similarities
    /// The similarities of queries and all other candidates.
    package var negative: Similarities
    /// The fraction of queries whose positive is above all their negatives.
    package var accuracy = 0.0
    /// The fraction of queries whose best negative exceeds the positive by more than `margin`; such
    /// a negative is likely to be a correct answer.
    package var falseNegativeRate = 0.0
    /// The margin of `falseNegativeRate`.
    package var margin = 0.0
    /// The fraction of queries whose positive's content occurs again among the candidates.
    package var repeatedRate = 0.0
    /// The mean squared distance of queries and positives; nil, like each of the measures below, if
    /// it is not finite.
    package var alignment: Double?
    /// The mean of the uniformity of queries and of documents; nil where pairs are missing.
    package var uniformity: Double?
    /// The distance between the centroids of inputs with and without images; nil without both
    /// kinds.
    package var modalityGap: Double?
    /// The mean cosine over pairs of queries.
    package var queryCosine: Double?
    /// The mean cosine over pairs of documents of different content.
    package var documentCosine: Double?
    /// The number of directions that the vectors use.
    package var effectiveRank: Double?
    /// The hardest negatives, the hardest first.
    package var hardest: [HardNegative] = []

    /// Creates a row from the similarities of a task's queries.
    package init(step: Int, task: String, positive: ValueHistogram, negative: ValueHistogram) {
        self.step = step
        self.task = task
        queries = positive.count
        self.positive = Similarities(positive)
        self.negative = Similarities(negative)
    }

    private enum CodingKeys: String, CodingKey {
        case step, task, queries, positive, negative, accuracy, margin, alignment, uniformity
        case hardest
        case falseNegativeRate = "false_negative_rate"
        case repeatedRate = "repeated_rate"
        case modalityGap = "modality_gap"
        case queryCosine = "query_cosine"
        case documentCosine = "document_cosine"
        case effectiveRank = "effective_rank"
    }

    /// The values for TensorBoard, in a folder named after the task.
    package var eventValues: [(tag: String, value: EventValue)] {
        let numbers: [(CodingKeys, Double?)] = [
            (.accuracy, accuracy), (.falseNegativeRate, falseNegativeRate),
            (.repeatedRate, repeatedRate), (.alignment, alignment),
            (.uniformity, uniformity), (.modalityGap, modalityGap),
            (.queryCosine, queryCosine), (.documentCosine, documentCosine),
            (.effectiveRank, effectiveRank),
        ]
        return numbers.compactMap { key, value in
            value.map { ("health/\(task)/\(key.rawValue)", .scalar($0)) }
        }
    }
}
