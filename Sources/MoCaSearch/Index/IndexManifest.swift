// What an index folder holds: `manifest.json`, `items.N.jsonl`, `vectors.N.safetensors`.
//
// The manifest names the other two, and is renamed into place after both are complete: a reader
// sees the old index or the new one, never a mixture.

import Foundation
package import MoCaVectors

/// `manifest.json`.
package struct IndexManifest: Sendable, Hashable, Codable {
    static let fileName = "manifest.json"
    static let currentFormat = 2
    /// The tensor's name in the file of vectors: float32 `[items, vector length]`.
    static let tensorName = "embeddings"

    /// The version of this layout.
    package var format = currentFormat
    /// The model that embeds documents and queries.
    package var model: ModelIdentity
    /// How the model is run.
    package var settings: VectorSettings
    /// Numbers of a vector.
    package var vectorLength: Int
    /// Rows of the file of vectors, lines of the file of items.
    package var itemCount: Int
    /// What was indexed: absolute paths of files and folders.
    package var paths: [String]
    /// Counts the times that the index was written.
    package var generation: Int

    private enum CodingKeys: String, CodingKey {
        case format, model, settings, paths, generation
        case vectorLength = "vector_length"
        case itemCount = "num_items"
    }

    var itemsName: String { "items.\(generation).jsonl" }
    var vectorsName: String { "vectors.\(generation).safetensors" }
}

/// What is found: an image, a passage of a text, or a record.
package struct IndexItem: Sendable, Hashable, Codable {
    /// What an item is made of.
    package enum Kind: String, Sendable, Hashable, Codable {
        case image, text
    }

    /// The path, with `#N` for passage or record N of a file.
    package var id: String
    /// The absolute path of its file.
    package var path: String
    package var kind: Kind
    /// The number of the passage or record in its file, from 1; nil for an image file.
    package var part: Int?
    /// The first words of its text.
    package var excerpt: String
    /// The picture of a record with images; nil where `path` is the picture, or it is inline.
    package var picture: String?
    /// A digest of the file's contents.
    package var hash: String

    /// The file to show: of an image, the image.
    package var picturePath: String? {
        kind == .image ? picture ?? (part == nil ? path : nil) : nil
    }
}
