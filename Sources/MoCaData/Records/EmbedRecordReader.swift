// Records for `moca embed`, one at a time, from every input that it takes.

package import Foundation
package import MoCaTables

/// Reads the records of one input in order and in flat memory.
///
///     var reader = try EmbedRecordReader(file: url)
///     while let record = try reader.next() { ... }
///
/// A record that cannot be read throws; the call after it goes on with the following one. An
/// error of the file itself (`DataError.inputOutput`, `.damagedBlock`) ends the input.
package struct EmbedRecordReader {
    private var source: Source
    /// Columns seen so far that look as if they belonged to the input, and are not read.
    package private(set) var unreadColumns: Set<String> = []
    /// What is odd about the samples of a WebDataset, a sentence each.
    package private(set) var oddities: [String] = []

    private enum Source {
        case table(TableRows)
        case blocks(BlockRows)
        case json(LineReader, path: String)
        case text(LineReader, path: String)
        case images(ArraySlice<URL>, index: Int)
    }

    /// Opens a `.jsonl` (also `.gz`, `.zst`, `.bz2`, `.xz`), `.tar`, `.txt`, `.parquet` or
    /// `.arrow` file.
    ///
    /// - Throws: `DataError`.
    package init(file url: URL) throws {
        switch RecordFormat(url) {
        case .jsonLines(let isCompressed):
            let check = { try checkJSONLines($0, path: url.path) }
            let lines =
                try isCompressed
                ? LineReader(compressed: url, check: check) : LineReader(url, check: check)
            source = .json(lines, path: url.path)
        case nil where url.pathExtension == "txt":
            source = .text(try LineReader(url), path: url.path)
        case .webDataset:
            let shard = try WebDatasetFile(url)
            oddities = shard.oddities.sentences
            source = .blocks(BlockRows(shard, columns: EmbedRecord.columns))
        case .parquet, .arrow:
            guard FileManager.default.fileExists(atPath: url.path) else {
                throw DataError.fileMissing(path: url.path)
            }
            let file = try TableFile(url)
            let names = file.columnNames ?? []
            guard !Set(names).isDisjoint(with: ["text", "images", "image"]) else {
                throw DataError.columnMissing(path: url.path, column: "text", available: names)
            }
            source = .table(TableRows(file, columns: EmbedRecord.columns))
            unreadColumns = EmbedRecord.nearMisses.intersection(names)
        case nil: throw DataError.unknownFormat(path: url.path)
        }
    }

    /// Reads JSONL from an open handle, such as standard input.
    package init(jsonLines handle: FileHandle, name: String = "-") {
        let lines = LineReader(handle, path: name) { try checkJSONLines($0, path: name) }
        source = .json(lines, path: name)
    }

    /// One record for each image file; its path is its id.
    package init(images: [URL]) {
        source = .images(images[...], index: 0)
    }

    /// The next record; nil at the end. Blank lines of JSONL are passed over; a blank line of
    /// text is a record without text.
    ///
    /// - Throws: `DataError`.
    package mutating func next() throws -> EmbedRecord? {
        switch source {
        case .table(var rows):
            defer { source = .table(rows) }
            return try rows.next().map { try EmbedRecord($0) }
        case .blocks(var rows):
            defer { source = .blocks(rows) }
            return try rows.next().map { try EmbedRecord($0) }
        case .json(var lines, let path):
            defer { source = .json(lines, path: path) }
            while let line = try lines.next() {
                if isBlank(line) { continue }
                let location = RecordLocation(file: path, place: .line(lines.lineNumber))
                let row = try jsonRow(line, location: location)
                unreadColumns.formUnion(EmbedRecord.nearMisses.intersection(row.memberNames))
                return try EmbedRecord(row)
            }
            return nil
        case .text(var lines, let path):
            defer { source = .text(lines, path: path) }
            guard let line = try lines.next() else { return nil }
            let location = RecordLocation(file: path, place: .line(lines.lineNumber))
            guard let text = String(validating: line, as: UTF8.self) else {
                throw DataError.invalidText(location, column: "text")
            }
            return EmbedRecord(location: location, id: nil, text: text, images: [])
        case .images(var urls, let index):
            guard let url = urls.popFirst() else { return nil }
            source = .images(urls, index: index + 1)
            let location = RecordLocation(file: url.path, place: .item(index))
            return EmbedRecord(location: location, id: nil, text: nil, images: [.path(url.path)])
        }
    }
}

/// The rows of a table, pulled one at a time.
package struct TableRows {
    private static let batchRows = 64

    private let file: TableFile
    private let columns: [String]
    private var block = 0
    private var scan: TableScan?
    private var batch: RowBatch?
    private var index = 0

    /// Starts at the first row.
    package init(_ file: TableFile, columns: [String]) {
        self.file = file
        self.columns = columns
    }

    /// The next row; nil at the end.
    ///
    /// - Throws: `DataError.damagedBlock`.
    package mutating func next() throws -> Row? {
        while true {
            if let batch, index < batch.count {
                index += 1
                return try batch.row(index - 1)
            }
            guard block < file.blockRows.count else { return nil }
            let open =
                try scan
                ?? file.scan(block: block, columns: columns, batchRows: Self.batchRows)
            scan = open
            batch = try open.next()
            index = 0
            if batch == nil {
                scan = nil
                block += 1
            }
        }
    }
}

/// The rows of a file of any format whose blocks are one batch, pulled one at a time.
package struct BlockRows {
    private let file: any RecordFile
    private let columns: [String]
    private var block = 0
    private var batch: RowBatch?
    private var index = 0

    /// Starts at the first row.
    package init(_ file: any RecordFile, columns: [String]) {
        self.file = file
        self.columns = columns
    }

    /// The next row; nil at the end. After a row that cannot be read comes the following one.
    ///
    /// - Throws: `DataError`.
    package mutating func next() throws -> Row? {
        while true {
            if let batch, index < batch.count {
                index += 1
                return try batch.row(index - 1)
            }
            guard block < file.blockRows.count else { return nil }
            var read: RowBatch?
            try file.forEachBatch(ofBlock: block, columns: columns, batchRows: .max) { read = $0 }
            batch = read
            index = 0
            block += 1
        }
    }
}
