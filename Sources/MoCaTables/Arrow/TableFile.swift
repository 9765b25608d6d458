// A Parquet or Arrow file, read through the C functions of CArrow.

import CArrow
package import Foundation
import MoCaSystem
import Synchronization

/// An open Parquet or Arrow file.
///
///     let file = try TableFile(url)
///     try file.forEachRow(columns: ["text"]) { row in ... }
package final class TableFile: RecordFile, @unchecked Sendable {
    package let path: String
    package let columnNames: [String]?
    package let blockRows: [Int]
    package var isCostlyToOpen: Bool { false }
    // Sendable is unchecked because of `reader`: it serves one thread at a time, and is used only
    // while `lock` is held, or in `init` and `deinit`, where no other thread has access.
    private let reader: OpaquePointer
    private let lock = Mutex(())

    /// Opens `url` and reads its schema and the sizes of its blocks.
    ///
    /// - Throws: `DataError.unreadableFile`, `.inputOutput`.
    package init(_ url: URL) throws {
        path = url.path
        let format = RecordFormat(url) == .parquet ? CARROW_PARQUET : CARROW_IPC
        var opened: OpaquePointer?
        try Self.check(carrow_reader_open(url.path, format, &opened), path: url.path, block: nil)
        guard let reader = opened else { preconditionFailure("an open reader is never NULL") }
        do {
            columnNames = try Self.columnNames(of: reader, path: url.path)
            blockRows = try (0..<carrow_reader_block_count(reader)).map { block in
                var rows: Int64 = 0
                try Self.check(
                    carrow_reader_block_rows(reader, block, &rows), path: url.path, block: nil)
                return Int(rows)
            }
        } catch {
            carrow_reader_close(reader)
            throw error
        }
        self.reader = reader
    }

    deinit {
        carrow_reader_close(reader)
    }

    private static func columnNames(of reader: OpaquePointer, path: String) throws -> [String] {
        var schema = ArrowSchema()
        try check(carrow_reader_schema(reader, &schema), path: path, block: nil)
        defer { schema.release?(&schema) }
        return (0..<Int(schema.n_children)).compactMap { index in
            schema.children[index]?.pointee.name.map { String(cString: $0) }
        }
    }

    /// Converts a status to the error that names file and block. The message is read on the thread
    /// of the failed call.
    private static func check(_ status: carrow_status, path: String, block: Int?) throws {
        guard status != CARROW_OK else { return }
        let reason = String(cString: carrow_last_error())
        // Arrow also reports truncated data as IOError, which means damage once the file is open.
        switch (block, status) {
        case (let block?, _): throw DataError.damagedBlock(path: path, block: block, reason: reason)
        case (nil, CARROW_IO): throw DataError.inputOutput(path: path, reason: reason)
        default: throw DataError.unreadableFile(path: path, reason: reason)
        }
    }

    package func byteCount(ofBlock block: Int, columns: [String]) throws -> Int {
        try withColumns(columns) { pointers in
            var byteCount: Int64 = 0
            try Self.check(
                carrow_reader_block_byte_count(
                    reader, Int64(block), pointers, Int64(pointers.count), &byteCount),
                path: path, block: block)
            guard byteCount < 0 else { return Int(byteCount) }
            // An Arrow file has the same size in memory as on the disk.
            let share = Double(blockRows[block]) / Double(max(1, rowCount))
            return Int(Double(try RandomAccessFile(path).byteCount()) * share)
        }
    }

    /// Runs `body` with those of `columns` that exist in the file, as C strings.
    private func withColumns<Result>(
        _ columns: [String], _ body: ([UnsafePointer<CChar>?]) throws -> Result
    ) rethrows -> Result {
        let names = columns.filter { columnNames?.contains($0) ?? false }.map { strdup($0) }
        defer { names.forEach { free($0) } }
        return try body(names.map { UnsafePointer<CChar>($0) })
    }

    package func batchIterator(
        ofBlock block: Int, columns: [String], batchRows: Int
    ) throws -> BatchIterator {
        var opened: OpaquePointer?
        try withColumns(columns) { pointers in
            try lock.withLock { _ in
                try Self.check(
                    carrow_scan_open(
                        reader, Int64(block), pointers, Int64(pointers.count), Int64(batchRows),
                        &opened),
                    path: path, block: block)
            }
        }
        guard let scan = opened else { preconditionFailure("an open scan is never NULL") }
        let batches = TableScan(file: self, scan: scan, block: block)
        return BatchIterator { try batches.next() }
    }

    fileprivate func close(_ scan: OpaquePointer) {
        lock.withLock { _ in carrow_scan_close(scan) }
    }

    fileprivate func next(_ scan: OpaquePointer, block: Int) throws -> RecordBatch? {
        do {
            return try RecordBatch { array, schema in
                try lock.withLock { _ in
                    try Self.check(carrow_scan_next(scan, array, schema), path: path, block: block)
                }
            }
        } catch let failure as ColumnFailure {
            throw DataError.damagedBlock(
                path: path, block: block,
                reason: "column '\(failure.column)' has \(failure.reason)")
        }
    }
}

/// An open scan over the batches of one block.
private final class TableScan {
    private let file: TableFile
    private let scan: OpaquePointer
    private let block: Int
    /// The index of the next row in the file.
    private var row: Int

    init(file: TableFile, scan: OpaquePointer, block: Int) {
        self.file = file
        self.scan = scan
        self.block = block
        row = file.firstRow(ofBlock: block)
    }

    deinit {
        file.close(scan)
    }

    /// The next batch; nil at the end of the block.
    ///
    /// - Throws: `DataError.damagedBlock`.
    func next() throws -> RowBatch? {
        let end = file.firstRow(ofBlock: block) + file.blockRows[block]
        let batch = try file.next(scan, block: block)
        let start = row
        row += batch?.rowCount ?? 0
        guard row <= end, batch != nil || row == end else {
            throw DataError.damagedBlock(
                path: file.path, block: block,
                reason: "it does not hold the \(file.blockRows[block]) rows that it should")
        }
        let (path, block) = (file.path, block)
        return batch.map { batch in
            RowBatch(count: batch.rowCount, byteCount: batch.byteCount) { index in
                let place = RecordLocation.Place.row(start + index, block: block)
                return Row(batch, row: index, location: RecordLocation(file: path, place: place))
            }
        }
    }
}
