// Embeddings as Parquet: `id` (string) and `embedding` (list of float).

import CArrow
package import Foundation

/// Writes a file beside its name and renames it at the end: it is complete or absent.
///
///     let writer = try EmbeddingWriter(url)
///     try writer.append(id: "a", vector: [0.6, 0.8])
///     try writer.finish()
package final class EmbeddingWriter {
    /// Numbers of a row group: 16 MB.
    private static let rowGroupNumberCount = 4 << 20

    private let url: URL
    private let partial: URL
    private var writer: OpaquePointer?
    private var idBytes: [CChar] = []
    private var idOffsets: [Int32] = [0]
    private var values: [Float] = []
    private var width: Int?

    /// Creates the file `url` + `.partial`.
    ///
    /// - Throws: `DataError.cannotWrite`.
    package init(_ url: URL) throws {
        self.url = url
        partial = url.appendingPathExtension("partial")
        try check(carrow_writer_open(partial.path, &writer))
    }

    deinit {
        // Not finished: nobody can read what there is.
        if writer != nil {
            carrow_writer_close(writer)
            unlink(partial.path)
        }
    }

    private func check(_ status: carrow_status) throws {
        guard status == CARROW_OK else {
            throw DataError.cannotWrite(
                path: url.path, reason: String(cString: carrow_last_error()))
        }
    }

    /// Appends one embedding; all have the same length.
    ///
    /// - Throws: `DataError.cannotWrite`.
    package func append(id: String, vector: [Float]) throws {
        precondition(writer != nil, "the writer has finished")
        precondition(!vector.isEmpty && vector.count == width ?? vector.count, "unequal vectors")
        width = vector.count
        idBytes.append(contentsOf: id.utf8.lazy.map { CChar(bitPattern: $0) })
        idOffsets.append(Int32(idBytes.count))
        values.append(contentsOf: vector)
        let isFull = values.count >= Self.rowGroupNumberCount || idBytes.count > 1 << 28
        if isFull { try flush() }
    }

    private func flush() throws {
        guard let width, !values.isEmpty else { return }
        try check(
            carrow_writer_append(
                writer, Int64(idOffsets.count - 1), idBytes, idOffsets, values, Int64(width)))
        idBytes.removeAll(keepingCapacity: true)
        idOffsets = [0]
        values.removeAll(keepingCapacity: true)
    }

    /// Writes what is left, and gives the file its name.
    ///
    /// - Throws: `DataError.cannotWrite`.
    package func finish() throws {
        try flush()
        try check(carrow_writer_finish(writer))
        carrow_writer_close(writer)
        writer = nil
        try synchronise(partial)
        guard rename(partial.path, url.path) == 0 else { throw systemError() }
        try synchronise(url.deletingLastPathComponent())
    }

    /// Waits until a file or a folder's entries are on disk.
    private func synchronise(_ url: URL) throws {
        let descriptor = open(url.path, O_RDONLY)
        guard descriptor >= 0 else { throw systemError() }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw systemError() }
    }

    private func systemError() -> DataError {
        .cannotWrite(path: url.path, reason: String(cString: strerror(errno)))
    }
}
