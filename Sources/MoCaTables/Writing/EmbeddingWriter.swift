// Writes embeddings as Parquet: `id` (string) and `embedding` (list of float).

import CArrow
package import Foundation

/// Writes embeddings to a file that is complete or absent: it gets its name at the end.
///
///     let writer = try EmbeddingWriter(url)
///     try writer.append(id: "a", vector: [0.6, 0.8])
///     try writer.finish()
package final class EmbeddingWriter {
    /// The number of components in a row group: 16 MB.
    private static let rowGroupNumberCount = 4 << 20

    private let output: ParquetOutput
    private var ids = TextBuffer()
    private var values: [Float] = []
    private var width: Int?

    /// Starts the file `url`, which appears when `finish()` returns.
    ///
    /// - Throws: `DataError.cannotWrite`.
    package init(_ url: URL) throws {
        output = try ParquetOutput(url) { carrow_writer_open($0, $1) }
    }

    /// Appends one embedding; all must have the same length.
    ///
    /// - Throws: `DataError.cannotWrite`.
    package func append(id: String, vector: [Float]) throws {
        precondition(!vector.isEmpty && vector.count == width ?? vector.count, "unequal vectors")
        width = vector.count
        ids.append(id)
        values.append(contentsOf: vector)
        let isFull = values.count >= Self.rowGroupNumberCount || ids.bytes.count > 1 << 28
        if isFull { try flush() }
    }

    private func flush() throws {
        guard let width, !values.isEmpty else { return }
        try output.append { writer in
            carrow_writer_append(
                writer, Int64(ids.count), ids.bytes, ids.offsets, values, Int64(width))
        }
        ids.removeAll()
        values.removeAll(keepingCapacity: true)
    }

    /// Writes the remaining embeddings, and gives the file its name.
    ///
    /// - Throws: `DataError.cannotWrite`.
    package func finish() throws {
        try flush()
        try output.finish()
    }
}

/// Concatenated texts with offsets, in the layout of Arrow.
package struct TextBuffer {
    private(set) var bytes: [CChar] = []
    private(set) var offsets: [Int32] = [0]

    /// The number of texts.
    package var count: Int { offsets.count - 1 }

    package mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8.lazy.map { CChar(bitPattern: $0) })
        offsets.append(Int32(bytes.count))
    }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        offsets = [0]
    }
}
