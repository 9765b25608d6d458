// The documents of a retrieval set, one at a time: pages are big, and a corpus may be long.

import Foundation
import MoCaCore
import MoCaData
import MoCaTables

/// A document of a corpus: a page, a text, or both.
struct DocumentRecord: Record, Equatable {
    static let columns = CorpusRecord.identifiers + ["image", "title", "text"]
    static let requiredColumns: [String] = []

    var location: RecordLocation
    var id: String
    var image: ImageValue?
    /// Title and text, joined as BEIR does.
    var text: String

    init(_ row: Row) throws {
        location = row.location
        id = try row.requiredIdentifier(CorpusRecord.identifiers)
        image = try row.images("image").first
        let parts = [try row.string("title"), try row.string("text")]
        text = parts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
    }
}

/// Pulls the documents of a corpus, in order.
struct DocumentReader {
    private var files: ArraySlice<URL>
    private let columns: [String]
    private var table: TableRows?
    private var blocks: BlockRows?

    /// - Parameter corpus: a folder of files, or one file.
    /// - Throws: `DataError`.
    init(_ corpus: URL) throws {
        try self.init(corpus, columns: DocumentRecord.columns)
    }

    private init(_ corpus: URL, columns: [String]) throws {
        files = try dataFiles(in: corpus)[...]
        self.columns = columns
    }

    /// The ids of all documents, in order; nothing else of them is read.
    ///
    /// - Throws: `DataError`, `.duplicateRecord` among them.
    static func ids(in corpus: URL) throws -> [String] {
        var reader = try DocumentReader(corpus, columns: CorpusRecord.identifiers)
        var (ids, seen) = ([String](), Set<String>())
        while let row = try reader.nextRow() {
            let id = try row.requiredIdentifier(CorpusRecord.identifiers)
            guard seen.insert(id).inserted else {
                throw DataError.duplicateRecord(row.location, what: "document '\(id)'")
            }
            ids.append(id)
        }
        return ids
    }

    /// The next document whose id is one of `chosen`; nil at the end.
    ///
    /// - Throws: `DataError`.
    mutating func next(in chosen: Set<String>) throws -> DocumentRecord? {
        while let row = try nextRow() {
            guard chosen.contains(try row.requiredIdentifier(CorpusRecord.identifiers)) else {
                continue
            }
            return try DocumentRecord(row)
        }
        return nil
    }

    private mutating func nextRow() throws -> Row? {
        while true {
            if let row = try table?.next() { return row }
            table = nil
            if let row = try blocks?.next() { return row }
            blocks = nil
            guard let url = files.popFirst() else { return nil }
            let file = try openRecordFile(url)
            if let file = file as? TableFile {
                table = TableRows(file, columns: columns)
            } else {
                blocks = BlockRows(file, columns: columns)
            }
        }
    }
}
