// A set for retrieval in the layout of ViDoRe or BEIR: corpus, queries and judgements.

package import Foundation
package import MoCaCore
package import MoCaTables

/// A page of a corpus.
package struct CorpusRecord: Record, Equatable {
    package static let columns = identifiers + ["image", "doc-id", "doc_id"]
    package static let requiredColumns: [String] = []
    /// ViDoRe's, ViDoRe v3's, BEIR's, mteb's.
    package static let identifiers = ["corpus-id", "corpus_id", "_id", "id"]

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
    package static let columns = identifiers + ["query", "text", "language"]
    package static let requiredColumns: [String] = []
    static let identifiers = ["query-id", "query_id", "_id", "id"]

    package var location: RecordLocation

    package var id: String
    package var text: String
    package var language: String?

    package init(_ row: Row) throws {
        location = row.location
        id = try row.requiredIdentifier(Self.identifiers)
        // BEIR calls it `text`.
        guard let text = try row.string("query") ?? row.string("text") else {
            throw DataError.valueMissing(row.location, column: "query")
        }
        guard !text.isEmpty else { throw DataError.emptyContent(row.location, field: "query") }
        self.text = text
        language = try row.string("language")
    }
}

/// How relevant one page is for one query.
package struct RelevanceRecord: Record, Equatable {
    package static let columns = queryColumns + corpusColumns + ["score"]
    static let queryColumns = ["query-id", "query_id"]
    static let corpusColumns = ["corpus-id", "corpus_id"]
    package static let requiredColumns = ["score"]

    package var location: RecordLocation
    package var queryID: String
    package var corpusID: String
    package var score: Int

    package init(_ row: Row) throws {
        location = row.location
        queryID = try row.requiredIdentifier(Self.queryColumns)
        corpusID = try row.requiredIdentifier(Self.corpusColumns)
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
    /// The folder or file of the documents.
    package let corpus: URL
    private let images: ImageStore

    /// Reads queries and judgements. Image paths are relative to the folder `corpus`.
    ///
    /// - Throws: `DataError`; `.duplicateRecord` for a query that stands twice, and for a second
    ///   judgement that differs from the first.
    package init(folder: URL) throws {
        name = folder.lastPathComponent
        let layout = RetrievalLayout(of: folder)
        corpus = try layout.url(of: .corpus, in: folder)
        images = ImageStore(root: folder.appendingPathComponent("corpus"))
        var (queries, seen) = ([QueryRecord](), Set<String>())
        try Self.forEach(QueryRecord.self, in: layout.url(of: .queries, in: folder)) { record in
            guard seen.insert(record.id).inserted else {
                throw DataError.duplicateRecord(record.location, what: "query '\(record.id)'")
            }
            queries.append(record)
        }
        self.queries = queries
        var relevance: [String: [String: Int]] = [:]
        try Self.forEachJudgement(in: layout.url(of: .qrels, in: folder)) { record in
            let (query, document) = (record.queryID, record.corpusID)
            let old = relevance[query, default: [:]].updateValue(record.score, forKey: document)
            guard old == nil || old == record.score else {
                throw DataError.duplicateRecord(
                    record.location,
                    what: "a judgement of query '\(query)' and document '\(document)' that differs")
            }
        }
        self.relevance = relevance
    }

    /// Gives every page to `body`, in the order of the files.
    ///
    /// - Throws: `DataError`, or what `body` throws.
    package func forEachPage(_ body: (CorpusRecord, ImageSource) throws -> Void) throws {
        try Self.forEach(CorpusRecord.self, in: corpus) { record in
            guard let image = record.image else {
                throw DataError.valueMissing(record.location, column: "image")
            }
            try body(record, try images.sources([image], at: record.location)[0])
        }
    }

    private static func forEach<R: Record>(
        _ type: R.Type, in part: URL, _ body: (R) throws -> Void
    ) throws {
        for url in try dataFiles(in: part) {
            let file = try openRecordFile(url)
            try file.requireColumns(R.requiredColumns)
            try file.forEachRow(columns: R.columns, batchRows: 64) { try body(R($0)) }
        }
    }

    private static func forEachJudgement(
        in part: URL, _ body: (RelevanceRecord) throws -> Void
    ) throws {
        guard let file = try TabbedFile.find(in: part) else {
            return try forEach(RelevanceRecord.self, in: part, body)
        }
        try TabbedFile.forEachRow(
            of: file,
            header: [RelevanceRecord.queryColumns, RelevanceRecord.corpusColumns, ["score"]],
            integers: ["score"]
        ) { try body(RelevanceRecord($0)) }
    }
}

extension Row {
    /// The name in the first of `columns` that has a value.
    ///
    /// - Throws: `DataError.valueMissing`, `.columnType`.
    package func requiredIdentifier(_ columns: [String]) throws -> String {
        guard let id = try identifier(columns) else {
            throw DataError.valueMissing(location, column: columns[0])
        }
        return id
    }
}
