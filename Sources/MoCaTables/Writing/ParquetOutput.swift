// A Parquet file that appears under its name only when it is complete.

import CArrow
import Foundation

/// Writes beside the name and renames at the end; what is not finished is removed.
final class ParquetOutput {
    private let url: URL
    private let partial: URL
    private var writer: OpaquePointer?

    /// Creates the file `url` + `.partial`.
    ///
    /// - Parameter open: opens a writer at a path.
    /// - Throws: `DataError.cannotWrite`.
    init(
        _ url: URL,
        open: (UnsafePointer<CChar>, UnsafeMutablePointer<OpaquePointer?>) -> carrow_status
    ) throws {
        self.url = url
        partial = url.appendingPathExtension("partial")
        try check(open(partial.path, &writer))
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

    /// Appends with a call that takes the writer.
    ///
    /// - Throws: `DataError.cannotWrite`.
    func append(_ call: (OpaquePointer?) -> carrow_status) throws {
        precondition(writer != nil, "the writer has finished")
        try check(call(writer))
    }

    /// Gives the file its name.
    ///
    /// - Throws: `DataError.cannotWrite`.
    func finish() throws {
        try append(carrow_writer_finish)
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
