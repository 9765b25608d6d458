// A file of records in blocks, independent of its format.

import Foundation

/// A file whose records are read block by block.
package protocol RecordFile: Sendable {
    /// The path of the file, as the user gave it.
    var path: String { get }
    /// The names of the columns; nil if every record has its own.
    var columnNames: [String]? { get }
    /// The number of records in each block.
    var blockRows: [Int] { get }
    /// Whether opening the file again costs a pass over it, so that it should be kept open.
    var isCostlyToOpen: Bool { get }
    /// The approximate memory of `batches(ofBlock:columns:)` in bytes. It depends only on the file,
    /// because the order of rows depends on it.
    ///
    /// - Throws: `DataError`.
    func byteCount(ofBlock block: Int, columns: [String]) throws -> Int
    /// Reads a whole block, for access to its rows in any order.
    ///
    /// - Throws: `DataError`.
    func batches(ofBlock block: Int, columns: [String]) throws -> [RowBatch]
    /// Starts reading a block in batches of at most about `batchRows` records, with those of
    /// `columns` that exist in the file.
    ///
    /// - Throws: `DataError`.
    func batchIterator(
        ofBlock block: Int, columns: [String], batchRows: Int
    ) throws -> BatchIterator
}

extension RecordFile {
    /// The number of records.
    package var rowCount: Int { blockRows.reduce(0, +) }

    package func batches(ofBlock block: Int, columns: [String]) throws -> [RowBatch] {
        var batches: [RowBatch] = []
        try forEachBatch(ofBlock: block, columns: columns, batchRows: 4096) { batches.append($0) }
        return batches
    }

    /// Calls `body` with every batch of a block, in order.
    ///
    /// - Throws: `DataError`, or what `body` throws.
    package func forEachBatch(
        ofBlock block: Int, columns: [String], batchRows: Int, _ body: (RowBatch) throws -> Void
    ) throws {
        let batches = try batchIterator(ofBlock: block, columns: columns, batchRows: batchRows)
        while let batch = try batches.next() { try body(batch) }
    }

    /// Calls `body` with every record, in order and in constant memory.
    ///
    /// - Throws: `DataError`, or what `body` throws.
    package func forEachRow(
        columns: [String], batchRows: Int = 256, _ body: (Row) throws -> Void
    ) throws {
        var rows = RowIterator(self, columns: columns, batchRows: batchRows)
        while let row = try rows.next() { try body(row) }
    }

    /// Throws if the file lacks a column.
    ///
    /// - Throws: `DataError.columnMissing`.
    package func requireColumns(_ columns: [String]) throws {
        guard let columnNames else { return }
        for column in columns where !columnNames.contains(column) {
            throw DataError.columnMissing(path: path, column: column, available: columnNames)
        }
    }

    /// The index of a block's first row in the file.
    func firstRow(ofBlock block: Int) -> Int { blockRows[..<block].reduce(0, +) }
}

/// The batches of one block, pulled one at a time.
package struct BatchIterator {
    private let read: () throws -> RowBatch?

    /// Iterates over the results of `read`, until it returns nil.
    init(_ read: @escaping () throws -> RowBatch?) {
        self.read = read
    }

    /// Iterates over a block that is one batch.
    init(_ batch: RowBatch) {
        var rest: RowBatch? = batch
        read = {
            defer { rest = nil }
            return rest
        }
    }

    /// The next batch; nil at the end of the block.
    ///
    /// - Throws: `DataError.damagedBlock`.
    package func next() throws -> RowBatch? { try read() }
}

/// A range of records of one block.
package struct RowBatch: Sendable {
    /// The number of records.
    package let count: Int
    /// The memory of the batch in bytes.
    package let byteCount: Int
    private let makeRow: @Sendable (Int) throws -> Row

    /// A batch of `count` records that `makeRow` reads.
    init(count: Int, byteCount: Int, makeRow: @escaping @Sendable (Int) throws -> Row) {
        self.count = count
        self.byteCount = byteCount
        self.makeRow = makeRow
    }

    /// Reads one record of the batch.
    ///
    /// - Throws: `DataError.malformedLine`.
    package func row(_ index: Int) throws -> Row { try makeRow(index) }
}
