// A Parquet file that appears under its name only when it is complete.

import CArrow
import Foundation
import MoCaSystem

/// An `AtomicFile` whose bytes Arrow writes.
final class ParquetOutput {
    private let url: URL
    private let file: AtomicFile
    private var writer: OpaquePointer?

    /// Starts the file `url`.
    ///
    /// - Parameter open: Opens a writer at a path.
    /// - Throws: `DataError.cannotWrite`.
    init(
        _ url: URL,
        open: (UnsafePointer<CChar>, UnsafeMutablePointer<OpaquePointer?>) -> carrow_status
    ) throws {
        self.url = url
        do {
            file = try AtomicFile(url)
        } catch {
            throw DataError.cannotWrite(path: url.path, reason: error.reason)
        }
        try check(open(file.partial.path, &writer))
    }

    deinit {
        if writer != nil { carrow_writer_close(writer) }
    }

    private func check(_ status: carrow_status) throws {
        guard status == CARROW_OK else {
            throw DataError.cannotWrite(
                path: url.path, reason: String(cString: carrow_last_error()))
        }
    }

    /// Appends with a call that receives the writer.
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
        do {
            try file.finish()
        } catch {
            throw DataError.cannotWrite(path: url.path, reason: error.reason)
        }
    }
}
