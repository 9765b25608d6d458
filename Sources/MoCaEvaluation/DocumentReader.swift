// The documents of a retrieval set, one at a time: pages are big, and a corpus may be long.

import Foundation
import MoCaCore
import MoCaData

/// A document of a corpus: a page, a text, or both.
struct DocumentRecord: Record, Equatable {
    static let columns = ["corpus-id", "corpus_id", "image", "title", "text"]
    static let requiredColumns: [String] = []

    var location: RecordLocation
    var id: String
    var image: ImageValue?
    /// Title and text, joined as BEIR does.
    var text: String

    init(_ row: Row) throws {
        location = row.location
        guard let id = try row.identifier(["corpus-id", "corpus_id"]) else {
            throw DataError.valueMissing(row.location, column: "corpus-id")
        }
        self.id = id
        image = try row.images("image").first
        let parts = [try row.string("title"), try row.string("text")]
        text = parts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
    }
}

/// Pulls the records of a folder's files, in order.
struct DocumentReader {
    private var files: ArraySlice<URL>
    private var table: TableRows?
    /// Rows of a file of lines that are read already; the last one comes next.
    private var lines: [Row] = []
    private var blocks: (file: JSONLinesFile, next: Int)?

    /// - Throws: `DataError`.
    init(folder: URL) throws {
        files = try dataFiles(in: folder)[...]
    }

    /// The next document; nil at the end.
    ///
    /// - Throws: `DataError`.
    mutating func next() throws -> DocumentRecord? {
        while true {
            if let row = try table?.next() { return try DocumentRecord(row) }
            table = nil
            if let row = lines.popLast() { return try DocumentRecord(row) }
            if let (file, block) = blocks, block < file.blockRows.count {
                try file.forEachBatch(
                    ofBlock: block, columns: DocumentRecord.columns, batchRows: .max
                ) { batch in
                    lines += try (0..<batch.count).map { try batch.row($0) }
                }
                lines.reverse()
                blocks = (file, block + 1)
                continue
            }
            blocks = nil
            guard let url = files.popFirst() else { return nil }
            if url.pathExtension == "jsonl" {
                blocks = (try JSONLinesFile(url), 0)
            } else {
                table = TableRows(try TableFile(url), columns: DocumentRecord.columns)
            }
        }
    }
}
