// The files of an index folder: `manifest.json`, `items.N.jsonl`, `vectors.N.safetensors`.
//
// The manifest names the other two, and is renamed into place after both are complete: a reader
// sees the old index or the new one, never a mixture.

import Foundation
package import MoCaVectors

/// The contents of `manifest.json`.
package struct IndexManifest: Sendable, Hashable, Codable {
    static let fileName = "manifest.json"
    static let currentFormat = 2
    /// The name of the tensor in the vector file: float32 `[items, vector length]`.
    static let tensorName = "embeddings"

    /// The version of this layout.
    package var format = currentFormat
    /// The model that embeds documents and queries.
    package var model: ModelIdentity
    /// How the model is run.
    package var settings: VectorSettings
    /// The number of components of a vector.
    package var vectorLength: Int
    /// The number of rows in the vector file and of lines in the item file.
    package var itemCount: Int
    /// The indexed files and folders, as absolute paths.
    package var paths: [String]
    /// The number of times the index was written.
    package var generation: Int

    private enum CodingKeys: String, CodingKey {
        case format, model, settings, paths, generation
        case vectorLength = "vector_length"
        case itemCount = "num_items"
    }

    var itemsName: String { "items.\(generation).jsonl" }
    var vectorsName: String { "vectors.\(generation).safetensors" }
}

/// A search result: an image, a passage of a text, or a record.
package struct IndexItem: Sendable, Hashable, Codable {
    /// The type of an item's content.
    package enum Kind: String, Sendable, Hashable, Codable {
        case image, text
    }

    /// The path, followed by `#N` for passage or record N of a file.
    package var id: String
    /// The absolute path of the item's file.
    package var path: String
    package var kind: Kind
    /// The index of the passage or record in its file, from 1; nil for an image file.
    package var part: Int?
    /// The first words of the item's text.
    package var excerpt: String
    /// The image of a record; nil if `path` is the image, or it is inline.
    package var picture: String?
    /// A digest of the file's contents.
    package var hash: String

    /// The image file to show for an image item.
    package var picturePath: String? {
        kind == .image ? picture ?? (part == nil ? path : nil) : nil
    }
}
