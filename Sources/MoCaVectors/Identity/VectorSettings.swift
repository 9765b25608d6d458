// The settings of an embedder that determine the meaning of its vectors.

import Foundation
import MoCaCore
package import MoCaEmbedding

/// The user's settings for vectors; nil uses the model's default. An index stores them, so that
/// queries are embedded in the same way as documents.
package struct VectorSettings: Sendable, Hashable, Codable {
    private var attention: AttentionMode?
    private var pooling: PoolingMode?
    private var minPixels: Int?
    private var maxPixels: Int?
    private var orientation: OrientationPolicy?
    private var maxLength: Int?
    private var truncation: TruncationPolicy?
    private var dimensions: Int?
    private var isNormalized: Bool?
    /// What documents are embedded for; nil for the embedder's own instruction.
    private var instruction: String?
    /// The adapter's folder.
    private var adapter: String?

    private enum CodingKeys: String, CodingKey {
        case attention, pooling, orientation, truncation, dimensions, instruction, adapter
        case minPixels = "min_pixels"
        case maxPixels = "max_pixels"
        case maxLength = "max_length"
        case isNormalized = "normalize"
    }

    /// Extracts the settings from `options`.
    package init(_ options: EmbedderOptions) {
        (attention, pooling) = (options.attention, options.pooling)
        (minPixels, maxPixels) = (options.minPixels, options.maxPixels)
        orientation = options.orientation
        (maxLength, truncation) = (options.maxLength, options.truncation)
        (dimensions, isNormalized) = (options.dimensions, options.isNormalized)
        instruction = options.instruction
        adapter = options.adapter?.standardizedFileURL.path
    }

    /// Copies the settings into `options`.
    package func apply(to options: inout EmbedderOptions) {
        (options.attention, options.pooling) = (attention, pooling)
        (options.minPixels, options.maxPixels) = (minPixels, maxPixels)
        options.orientation = orientation
        (options.maxLength, options.truncation) = (maxLength, truncation)
        (options.dimensions, options.isNormalized) = (dimensions, isNormalized)
        options.instruction = instruction
        options.adapter = adapter.map { URL(fileURLWithPath: $0, isDirectory: true) }
    }
}
