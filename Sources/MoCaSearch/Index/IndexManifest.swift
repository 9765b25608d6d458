// The files of an index folder: `manifest.json`, `items.N.jsonl`, `vectors.N.safetensors`.
//
// The manifest names the other two, and is renamed into place after both are complete: a reader
// sees the old index or the new one, never a mixture.

import Foundation
package import MoCaVectors

/// The contents of `manifest.json`.
package struct IndexManifest: Sendable, Hashable, Codable {
    static let fileName = "manifest.json"
    /// The version of the layout with one vector for each item.
    static let currentFormat = 3
    /// The version of the layout with one or more vectors for each item, which adds the tensor
    /// `lengthsName`.
    static let multiVectorFormat = 4
    /// The name of the tensor in the vector file: float32 `[vectors, vector length]`.
    static let tensorName = "embeddings"
    /// The name of the tensor of the number of vectors of each item: int64 `[items]`.
    static let lengthsName = "lengths"

    /// The version of this layout.
    package var format = currentFormat
    /// The model that embeds documents and queries.
    package var model: ModelIdentity
    /// How the model is run.
    package var settings: VectorSettings
    /// The maximum length of a passage in characters; nil in an index that does not state it.
    package var passageLength: Int?
    /// The number of components of a vector.
    package var vectorLength: Int
    /// The number of items: of lines in the item file, and of embeddings in the vector file.
    package var itemCount: Int
    /// The indexed files and folders.
    package var roots: [IndexRoot]
    /// The number of times the index was written.
    package var generation: Int

    private enum CodingKeys: String, CodingKey {
        case format, model, settings, roots, generation
        case passageLength = "passage_length"
        case vectorLength = "vector_length"
        case itemCount = "num_items"
    }

    /// Whether an item has one or more vectors (late interaction).
    package var isMultiVector: Bool { format == Self.multiVectorFormat }

    var itemsName: String { "items.\(generation).jsonl" }
    var vectorsName: String { "vectors.\(generation).safetensors" }
}

/// A search result: an image, a passage of a text, or a record.
package struct IndexItem: Sendable, Hashable {
    /// The type of an item's content.
    package enum Kind: String, Sendable, Hashable, Codable {
        case image, text
    }

    /// The name of the item's file, followed by `#N` for passage or record N of a file. The name is
    /// the path relative to the folder that was indexed, after that folder as it was given if the
    /// index has several; that of a file indexed by itself is its path as given.
    package var id: String
    /// The absolute path of the item's file.
    package var path: String
    package var kind: Kind
    /// The index of the passage or record in its file, from 1; nil for an image file.
    package var part: Int?
    /// The first words of the item's text.
    package var excerpt: String
    /// The absolute path of a record's image; nil if `path` is the image, or it is inline.
    package var picture: String?
    /// A digest of the file's contents.
    package var hash: String

    /// The image file to show for an image item.
    package var picturePath: String? {
        kind == .image ? picture ?? (part == nil ? path : nil) : nil
    }
}

/// A line of the item file: an item whose paths are relative to one of the index's roots.
struct StoredItem: Codable {
    var id: String
    /// The index of the root that has the file.
    var root: Int
    /// The path inside the root; empty if the root is the file.
    var path: String
    var kind: IndexItem.Kind
    var part: Int?
    var excerpt: String
    /// The path of a record's image inside the root, or an absolute one.
    var picture: String?
    var hash: String

    /// Makes the paths of `item` relative to the root that has its file; nil if none has.
    init?(_ item: IndexItem, in roots: IndexRoots) {
        guard let index = roots.index(of: item.path),
            let inside = roots.list[index].relativePath(of: item.path)
        else { return nil }
        id = item.id
        root = index
        path = inside
        kind = item.kind
        part = item.part
        excerpt = item.excerpt
        picture = item.picture.map { roots.list[index].relativePath(of: $0) ?? $0 }
        hash = item.hash
    }

    /// The item with absolute paths; nil if the index has no such root.
    func item(in roots: [IndexRoot]) -> IndexItem? {
        guard roots.indices.contains(root) else { return nil }
        let root = roots[root]
        return IndexItem(
            id: id, path: root.file(path), kind: kind, part: part, excerpt: excerpt,
            picture: picture.map { $0.utf8.first == UInt8(ascii: "/") ? $0 : root.file($0) },
            hash: hash)
    }
}
