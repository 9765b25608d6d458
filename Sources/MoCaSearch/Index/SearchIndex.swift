// A stored index, and exact search in it.
//
// N items, D components of a vector.

package import Foundation
package import MoCaEmbedding
package import MoCaVectors
import Torch

/// Items with their memory-mapped vectors.
///
///     let index = try SearchIndex(opening: folder)
///     for hit in try index.best(query, count: 10) { ... }
package struct SearchIndex: Sendable {
    /// The number of rows whose scores are computed at once.
    private static let chunk = 1 << 16

    package let folder: URL
    package let manifest: IndexManifest
    /// The items, in row order.
    package let items: [IndexItem]
    /// The vectors, a row for each item.
    package let vectors: VectorMatrix

    /// A search hit.
    package struct Hit: Sendable, Hashable {
        package let item: IndexItem
        /// The dot product, which is the cosine for unit vectors; for embeddings of several vectors
        /// the sum over the query's vectors of the greatest dot product.
        package let score: Float
    }

    /// Whether a folder contains an index.
    package static func exists(in folder: URL) -> Bool {
        FileManager.default.fileExists(
            atPath: folder.appending(path: IndexManifest.fileName).path)
    }

    /// Opens an index.
    ///
    /// - Throws: `SearchError.noIndex`, `.damagedIndex`, `SafetensorsError`.
    package init(opening folder: URL) throws {
        guard Self.exists(in: folder) else { throw SearchError.noIndex(folder: folder.path) }
        self.folder = folder
        let manifest = try IndexFiles.manifest(in: folder)
        let items = try IndexFiles.items(manifest, in: folder)
        (self.manifest, self.items) = (manifest, items)
        vectors = try IndexFiles.vectors(manifest, in: folder)
    }

    /// Checks that `model` is the one that made the index.
    ///
    /// - Throws: `SearchError.otherModel`.
    package func require(_ model: ModelIdentity) throws {
        guard manifest.model.fingerprint == model.fingerprint else {
            throw SearchError.otherModel(
                index: folder.path, made: manifest.model.folder, given: model.folder)
        }
    }

    /// The items most similar to a query, best first; ties keep the index's order.
    ///
    /// - Throws: `SearchError.damagedIndex` for a vector that is not finite, `.scoreNotFinite`,
    ///   `TorchError`.
    package func best(_ query: Embedding, count: Int) throws -> [Hit] {
        precondition(query.vectorLength == manifest.vectorLength, "a query of another length")
        do {
            let best =
                vectors.isRagged ? try bestBySums(query, count) : try bestByProducts(query, count)
            return best.map { Hit(item: items[$0.row], score: $0.score) }
        } catch SearchError.scoreNotFinite(let query, let row) {
            try requireFinite([row])
            throw SearchError.scoreNotFinite(query: query, document: row)
        }
    }

    /// Checks that the vectors of rows are finite.
    ///
    /// - Throws: `SearchError.damagedIndex`, which names the file and the item.
    func requireFinite(_ rows: [Int]) throws(SearchError) {
        for row in rows where !vectors.row(row).allSatisfy(\.isFinite) {
            throw .damagedIndex(
                file: folder.appending(path: manifest.vectorsName).path,
                reason: "the vector of \(items[row].id) is not finite")
        }
    }

    private func bestByProducts(_ query: Embedding, _ count: Int) throws -> [TopK.Row] {
        let column = Tensor(query.values, shape: [manifest.vectorLength, 1])  // [D, 1]
        var best = TopK(count: count)
        for start in stride(from: 0, to: items.count, by: Self.chunk) {
            let rows = start..<min(start + Self.chunk, items.count)
            let scores = try vectors.withValues(of: rows) {
                try Self.products($0, shape: [rows.count, manifest.vectorLength], column)
            }
            for (row, score) in zip(rows, scores) {
                guard score.isFinite else {
                    throw SearchError.scoreNotFinite(query: 0, document: row)
                }
                best.add(row, score)
            }
        }
        return best.sorted()
    }

    /// The products of rows `[rows, D]` with a column `[D, 1]`.
    private static func products(
        _ values: UnsafeBufferPointer<Float>, shape: [Int], _ column: Tensor
    ) throws -> [Float] {
        try catchingTorchErrors {
            withoutGradient {
                Tensor.withBorrowed(values, shape: shape) {
                    $0.matmul(column).array()  // [rows, 1]
                }
            }
        }
    }

    private func bestBySums(_ query: Embedding, _ count: Int) throws -> [TopK.Row] {
        let search = ExactSearch(
            matrix: vectors, documents: Array(items.indices),
            queries: VectorMatrix(ragged: [query]))
        var best: [TopK.Row] = []
        try search.forEach([ExactSearch.Query(row: 0)], count: count, willCompute: {}) {
            best = $1.best
        }
        return best
    }
}
