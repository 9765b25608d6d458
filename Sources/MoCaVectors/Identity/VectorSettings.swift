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

    /// The settings with those of `stored` where they are left open.
    package func filled(from stored: VectorSettings) -> VectorSettings {
        var filled = stored
        filled.attention = attention ?? stored.attention
        filled.pooling = pooling ?? stored.pooling
        filled.minPixels = minPixels ?? stored.minPixels
        filled.maxPixels = maxPixels ?? stored.maxPixels
        filled.orientation = orientation ?? stored.orientation
        filled.maxLength = maxLength ?? stored.maxLength
        filled.truncation = truncation ?? stored.truncation
        filled.dimensions = dimensions ?? stored.dimensions
        filled.isNormalized = isNormalized ?? stored.isNormalized
        filled.instruction = instruction ?? stored.instruction
        filled.adapter = adapter ?? stored.adapter
        return filled
    }

    /// The settings that are not those of `stored`, each with both values:
    /// `pooling mean (this run gives last)`.
    package func differences(from stored: VectorSettings) -> [String] {
        zip(texts, stored.texts).filter { $0.value != $1.value }.map { mine, theirs in
            "\(mine.name) \(theirs.value) (this run gives \(mine.value))"
        }
    }

    /// The names and values of all settings.
    private var texts: [(name: String, value: String)] {
        func text(_ value: (some Any)?) -> String { value.map { "\($0)" } ?? "of the model" }
        return [
            ("attention", text(attention?.rawValue)), ("pooling", text(pooling?.rawValue)),
            ("min-pixels", text(minPixels)), ("max-pixels", text(maxPixels)),
            ("orientation", text(orientation?.rawValue)), ("max-length", text(maxLength)),
            ("truncation", text(truncation?.rawValue)), ("dimensions", text(dimensions)),
            ("normalization", text(isNormalized.map { $0 ? "to unit length" : "off" })),
            ("instruction", text(instruction.map { "'\($0)'" })),
            ("adapter", adapter ?? "none"),
        ]
    }
}
