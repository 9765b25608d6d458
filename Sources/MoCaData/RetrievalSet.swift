// A set for retrieval in the BEIR layout of ViDoRe: folders `corpus`, `queries` and `qrels`.

package import Foundation
package import MoCaCore

/// A page of a corpus.
package struct CorpusRecord: Record, Equatable {
    package static let columns = identifiers + ["image", "doc-id", "doc_id"]
    package static let requiredColumns: [String] = []
    static let identifiers = ["corpus-id", "corpus_id"]

    package var location: RecordLocation
    package var id: String
    package var image: ImageValue?
    /// The document that the page is of.
    package var documentID: String?

    package init(_ row: Row) throws {
        location = row.location
        id = try row.requiredIdentifier(Self.identifiers)
        image = try row.images("image").first
        documentID = try row.identifier(["doc-id", "doc_id"])
    }
}

/// A query.
package struct QueryRecord: Record, Equatable {
    package static let columns = identifiers + ["query", "language"]
    package static let requiredColumns = ["query"]
    static let identifiers = ["query-id", "query_id"]

    package var id: String
    package var text: String
    package var language: String?

    package init(_ row: Row) throws {
        id = try row.requiredIdentifier(Self.identifiers)
        guard let text = try row.string("query") else {
            throw DataError.valueMissing(row.location, column: "query")
        }
        guard !text.isEmpty else { throw DataError.emptyContent(row.location, field: "query") }
        self.text = text
        language = try row.string("language")
    }
}

/// How relevant one page is for one query.
package struct RelevanceRecord: Record, Equatable {
    package static let columns = QueryRecord.identifiers + CorpusRecord.identifiers + ["score"]
    package static let requiredColumns = ["score"]

    package var queryID: String
    package var corpusID: String
    package var score: Int

    package init(_ row: Row) throws {
        queryID = try row.requiredIdentifier(QueryRecord.identifiers)
        corpusID = try row.requiredIdentifier(CorpusRecord.identifiers)
        guard let score = try row.integer("score") else {
            throw DataError.valueMissing(row.location, column: "score")
        }
        self.score = score
    }
}

/// Queries, pages and judgements. Pages stay on disk: `forEachPage` reads them in flat memory.
///
///     let set = try RetrievalSet(folder: url)
///     try set.forEachPage { id, image in ... }
package struct RetrievalSet: Sendable {
    /// Name of the folder.
    package let name: String
    package let queries: [QueryRecord]
    /// Relevance by query id, then by corpus id.
    package let relevance: [String: [String: Int]]
    private let folder: URL
    private let images: ImageStore

    /// Reads queries and judgements. Image paths are relative to the folder `corpus`.
    ///
    /// - Throws: `DataError`.
    package init(folder: URL) throws {
        self.folder = folder
        name = folder.lastPathComponent
        images = ImageStore(root: folder.appendingPathComponent("corpus"))
        var queries: [QueryRecord] = []
        try Self.forEach(QueryRecord.self, in: folder, "queries") { queries.append($0) }
        self.queries = queries
        var relevance: [String: [String: Int]] = [:]
        try Self.forEach(RelevanceRecord.self, in: folder, "qrels") { record in
            relevance[record.queryID, default: [:]][record.corpusID] = record.score
        }
        self.relevance = relevance
    }

    /// Gives every page to `body`, in the order of the files.
    ///
    /// - Throws: `DataError`, or what `body` throws.
    package func forEachPage(_ body: (CorpusRecord, ImageSource) throws -> Void) throws {
        try Self.forEach(CorpusRecord.self, in: folder, "corpus") { record in
            guard let image = record.image else {
                throw DataError.valueMissing(record.location, column: "image")
            }
            try body(record, try images.sources([image], at: record.location)[0])
        }
    }

    private static func forEach<R: Record>(
        _ type: R.Type, in folder: URL, _ part: String, _ body: (R) throws -> Void
    ) throws {
        for url in try dataFiles(in: folder.appendingPathComponent(part)) {
            let file = try openRecordFile(url)
            try file.requireColumns(R.requiredColumns)
            try file.forEachRow(columns: R.columns, batchRows: 64) { try body(R($0)) }
        }
    }
}

extension Row {
    /// The name in the first of `columns` that has a value.
    ///
    /// - Throws: `DataError.valueMissing`, `.columnType`.
    func requiredIdentifier(_ columns: [String]) throws -> String {
        guard let id = try identifier(columns) else {
            throw DataError.valueMissing(location, column: columns[0])
        }
        return id
    }
}
