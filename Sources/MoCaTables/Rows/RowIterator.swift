// Reads the records of one file, one at a time.

package import Foundation
import MoCaSystem

/// Iterates over the records of a file of any format, in order and in constant memory.
///
///     var rows = try RowIterator(url, columns: ["id", "text"])
///     while let row = try rows.next() { ... }
///
/// A record that cannot be read throws; the next call continues with the following record.
package struct RowIterator {
    /// The number of records that are decoded together.
    package static let batchRows = 64

    private var source: Source

    private enum Source {
        case blocks(BlockRows)
        case lines(LineReader, path: String)
    }

    /// Opens a record file. JSONL is read as a stream, without an index.
    ///
    /// - Parameter columns: The columns to read, if the file has columns.
    /// - Throws: `DataError`.
    package init(_ url: URL, columns: [String]) throws {
        guard case .jsonLines(let isCompressed) = RecordFormat(url) else {
            let file = try openRecordFile(url)
            source = .blocks(BlockRows(file: file, columns: columns, batchRows: Self.batchRows))
            return
        }
        guard !GitLFSPointer.isPointer(at: url) else { throw DataError.lfsPointer(path: url.path) }
        let check = { try checkJSONLines($0, path: url.path) }
        let lines =
            try isCompressed
            ? LineReader(compressed: url, check: check) : LineReader(url, check: check)
        source = .lines(lines, path: url.path)
    }

    /// Iterates over an open file.
    ///
    /// - Parameter batchRows: The number of records decoded together, if the format allows it.
    package init(
        _ file: any RecordFile, columns: [String], batchRows: Int = RowIterator.batchRows
    ) {
        source = .blocks(BlockRows(file: file, columns: columns, batchRows: batchRows))
    }

    /// Reads JSONL from an open handle, such as standard input; errors name it `name`.
    package init(jsonLines handle: FileHandle, name: String) {
        let lines = LineReader(handle, path: name) { try checkJSONLines($0, path: name) }
        source = .lines(lines, path: name)
    }

    /// The names of the columns; nil if every record has its own.
    package var columnNames: [String]? {
        if case .blocks(let rows) = source { rows.file.columnNames } else { nil }
    }

    /// Irregularities in the grouping of a WebDataset's members into samples, one sentence each.
    package var oddities: [String] {
        guard case .blocks(let rows) = source, let shard = rows.file as? WebDatasetFile else {
            return []
        }
        return shard.oddities.sentences
    }

    /// The next record; nil at the end. Blank lines of JSONL are skipped.
    ///
    /// - Throws: `DataError`.
    package mutating func next() throws -> Row? {
        switch source {
        case .blocks(var rows):
            defer { source = .blocks(rows) }
            return try rows.next()
        case .lines(var lines, let path):
            defer { source = .lines(lines, path: path) }
            while let line = try lines.next() {
                if isBlank(line) { continue }
                let place = RecordLocation.Place.line(lines.lineNumber)
                return try jsonRow(line, location: RecordLocation(file: path, place: place))
            }
            return nil
        }
    }
}

/// The records of a file, block by block and batch by batch.
private struct BlockRows {
    let file: any RecordFile
    let columns: [String]
    let batchRows: Int
    private var block = 0
    private var batches: BatchIterator?
    private var batch: RowBatch?
    private var index = 0

    init(file: any RecordFile, columns: [String], batchRows: Int) {
        self.file = file
        self.columns = columns
        self.batchRows = batchRows
    }

    mutating func next() throws -> Row? {
        while true {
            if let batch, index < batch.count {
                index += 1
                return try batch.row(index - 1)
            }
            guard block < file.blockRows.count else { return nil }
            let open =
                try batches
                ?? file.batchIterator(ofBlock: block, columns: columns, batchRows: batchRows)
            batches = open
            batch = try open.next()
            index = 0
            if batch == nil {
                batches = nil
                block += 1
            }
        }
    }
}
