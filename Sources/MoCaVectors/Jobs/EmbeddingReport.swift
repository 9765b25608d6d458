// The report of a job: `moca embed --report`.

import Foundation
import MoCaEmbedding
import MoCaProcessing

/// Counts, seconds and memory of one run.
package struct EmbeddingReport: Sendable, Hashable, Codable {
    /// The number of embedded records in the output, including those of an interrupted run.
    package var items: Int
    /// The number of tokens that this run computed, excluding image tokens.
    package var textTokens: Int
    /// The number of image tokens, excluding markers.
    package var imageTokens: Int
    /// The time to load the model.
    package var loadSeconds = 0.0
    /// The time spent waiting for image decoding.
    package var preprocessSeconds: Double
    package var computeSeconds: Double
    package var totalSeconds = 0.0
    package var peakResidentBytes = 0
    /// The number of input records.
    package var records: Int
    /// The number of records completed by an interrupted run.
    package var resumedRecords: Int
    /// The numbers of tokens and images that truncation dropped in this run.
    package var droppedTokens: Int
    package var droppedImages: Int
    /// The file that lists the skipped records, if there are any.
    package var errors: String?
    /// Notes for the user about the input, one sentence each; not part of the written report.
    package var notes: [String] = []

    enum CodingKeys: String, CodingKey {
        case items, records, errors
        case textTokens = "text_tokens"
        case imageTokens = "image_tokens"
        case loadSeconds = "seconds_load"
        case preprocessSeconds = "seconds_preprocess"
        case computeSeconds = "seconds_compute"
        case totalSeconds = "seconds_total"
        case peakResidentBytes = "peak_rss_bytes"
        case resumedRecords = "resumed_records"
        case droppedTokens = "dropped_tokens"
        case droppedImages = "dropped_images"
    }

    init(
        _ statistics: EmbeddingStatistics, records: Int, vectors: Int, resumed: Int,
        truncated: Truncated
    ) {
        (items, self.records, resumedRecords) = (vectors, records, resumed)
        (textTokens, imageTokens) = (statistics.textTokens, statistics.imageTokens)
        preprocessSeconds = statistics.preprocessSeconds
        computeSeconds = statistics.computeSeconds
        (droppedTokens, droppedImages) = (truncated.tokens, truncated.images)
    }
}

extension EmbeddingStatistics {
    /// Adds the statistics of another window.
    mutating func add(_ other: EmbeddingStatistics) {
        items += other.items
        textTokens += other.textTokens
        imageTokens += other.imageTokens
        preprocessSeconds += other.preprocessSeconds
        computeSeconds += other.computeSeconds
    }
}
