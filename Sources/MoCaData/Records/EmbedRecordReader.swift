// Reads records for `moca embed` one at a time, from all supported inputs.

package import Foundation
import MoCaTables

/// Reads the records of one input in order and in constant memory.
///
///     var reader = try EmbedRecordReader(file: url)
///     while let record = try reader.next() { ... }
///
/// A record that cannot be read throws; the next call continues with the following record. An error
/// of the file itself (`DataError.inputOutput`, `.damagedBlock`) ends the input.
package struct EmbedRecordReader {
    private var source: Source
    /// Columns seen so far that look like part of the input, but are not read.
    package private(set) var unreadColumns: Set<String> = []
    /// Irregularities in the samples of a WebDataset, one sentence each.
    package private(set) var oddities: [String] = []

    private enum Source {
        case rows(RowIterator)
        case text(LineReader, path: String)
        case images(ArraySlice<URL>, index: Int)
    }

    /// Opens a `.jsonl` (also `.gz`, `.zst`, `.bz2`, `.xz`), `.tar`, `.txt`, `.parquet` or
    /// `.arrow` file.
    ///
    /// - Throws: `DataError`.
    package init(file url: URL) throws {
        guard RecordFormat(url) != nil else {
            guard url.pathExtension == "txt" else { throw DataError.unknownFormat(path: url.path) }
            source = .text(try LineReader(url), path: url.path)
            return
        }
        let rows = try RowIterator(url, columns: EmbedRecord.columns)
        if let names = rows.columnNames {
            guard !Set(names).isDisjoint(with: ["text", "images", "image"]) else {
                throw DataError.columnMissing(path: url.path, column: "text", available: names)
            }
            unreadColumns = EmbedRecord.nearMisses.intersection(names)
        }
        oddities = rows.oddities
        source = .rows(rows)
    }

    /// Reads JSONL from an open handle, such as standard input.
    package init(jsonLines handle: FileHandle, name: String = "-") {
        source = .rows(RowIterator(jsonLines: handle, name: name))
    }

    /// Makes one record per image file; its id is the path as the user gave it.
    package init(images: [URL]) {
        source = .images(images[...], index: 0)
    }

    /// The next record; nil at the end. Blank lines of JSONL are skipped; a blank line of text is a
    /// record without text.
    ///
    /// - Throws: `DataError`.
    package mutating func next() throws -> EmbedRecord? {
        switch source {
        case .rows(var rows):
            defer { source = .rows(rows) }
            guard let row = try rows.next() else { return nil }
            unreadColumns.formUnion(EmbedRecord.nearMisses.intersection(row.memberNames))
            return try EmbedRecord(row)
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
            let location = RecordLocation(file: url.relativePath, place: .item(index))
            return EmbedRecord(location: location, id: nil, text: nil, images: [.path(url.path)])
        }
    }
}
