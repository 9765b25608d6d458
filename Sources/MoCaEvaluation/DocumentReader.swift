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
    private var blocks: BlockRows?

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
            if let row = try blocks?.next() { return try DocumentRecord(row) }
            blocks = nil
            guard let url = files.popFirst() else { return nil }
            let file = try openRecordFile(url)
            if let file = file as? TableFile {
                table = TableRows(file, columns: DocumentRecord.columns)
            } else {
                blocks = BlockRows(file, columns: DocumentRecord.columns)
            }
        }
    }
}
