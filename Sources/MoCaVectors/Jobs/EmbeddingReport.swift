// What a job says about itself afterwards: `moca embed --report`.

import Foundation
package import MoCaEmbedding
import MoCaProcessing

/// Counts, seconds and memory of one run.
package struct EmbeddingReport: Sendable, Hashable, Codable {
    /// Vectors in the output, those of an interrupted run before included.
    package var items: Int
    /// Tokens that this run computed, those of images aside.
    package var textTokens: Int
    /// Tokens of images, without their markers.
    package var imageTokens: Int
    /// Reading the model.
    package var loadSeconds = 0.0
    /// Waiting for images to be decoded.
    package var preprocessSeconds: Double
    package var computeSeconds: Double
    package var totalSeconds = 0.0
    package var peakResidentBytes = 0
    /// Records of the input.
    package var records: Int
    /// Records that an interrupted run had done.
    package var resumedRecords: Int
    /// What truncation left out, in this run.
    package var droppedTokens: Int
    package var droppedImages: Int
    /// The file that lists records that were left out, where there are any.
    package var errors: String?
    /// What a user should know about the input, a sentence each; not part of the written report.
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
        dropped: InputOutline.Dropped
    ) {
        (items, self.records, resumedRecords) = (vectors, records, resumed)
        (textTokens, imageTokens) = (statistics.textTokens, statistics.imageTokens)
        preprocessSeconds = statistics.preprocessSeconds
        computeSeconds = statistics.computeSeconds
        (droppedTokens, droppedImages) = (dropped.tokens, dropped.images)
    }
}

extension EmbeddingStatistics {
    /// Adds what another window took.
    mutating func add(_ other: EmbeddingStatistics) {
        items += other.items
        textTokens += other.textTokens
        imageTokens += other.imageTokens
        preprocessSeconds += other.preprocessSeconds
        computeSeconds += other.computeSeconds
    }
}
