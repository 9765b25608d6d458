// Reads the documents of a retrieval set one at a time: pages are big, and a corpus may be long.

package import Foundation
package import MoCaCore
import MoCaTables

/// Iterates over the documents of a corpus, in the order of the files.
package struct CorpusReader {
    private var files: ArraySlice<URL>
    private let columns: [String]
    private var rows: RowIterator?
    private var seen: Set<ExactText> = []

    /// Opens a corpus: a folder of files, or one file.
    ///
    /// - Throws: `DataError`.
    package init(_ corpus: URL) throws {
        try self.init(corpus, columns: CorpusRecord.columns)
    }

    private init(_ corpus: URL, columns: [String]) throws {
        files = try retrievalFiles(in: corpus)[...]
        self.columns = columns
    }

    /// The next document; nil at the end.
    ///
    /// - Parameter chosen: The ids of the documents to read; nil reads all of them.
    /// - Throws: `DataError`; `.duplicateRecord` for an id that occurred before.
    package mutating func next(in chosen: Set<ExactText>? = nil) throws -> CorpusRecord? {
        while let (row, id) = try nextRow() {
            if chosen?.contains(ExactText(id)) ?? true { return try CorpusRecord(row) }
        }
        return nil
    }

    /// The ids of all documents, in order; no other column is read.
    ///
    /// - Throws: `DataError`; `.duplicateRecord` for an id that occurs twice.
    package static func ids(in corpus: URL) throws -> [String] {
        var reader = try CorpusReader(corpus, columns: CorpusRecord.identifiers)
        var ids: [String] = []
        while let (_, id) = try reader.nextRow() { ids.append(id) }
        return ids
    }

    private mutating func nextRow() throws -> (row: Row, id: String)? {
        while true {
            if let row = try rows?.next() {
                let id = try row.requiredIdentifier(CorpusRecord.identifiers)
                guard seen.insert(ExactText(id)).inserted else {
                    throw DataError.duplicateRecord(row.location, what: "document '\(id)'")
                }
                return (row, id)
            }
            guard let url = files.popFirst() else { return nil }
            rows = try RowIterator(url, columns: columns)
        }
    }
}
