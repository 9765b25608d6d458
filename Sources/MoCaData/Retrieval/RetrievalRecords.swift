// The records of a retrieval set: documents, queries and judgements.

package import MoCaCore
package import MoCaTables

/// A document of a corpus: a page, a text, or both.
package struct CorpusRecord: Record, Equatable {
    package static let columns = identifiers + ["image", "title", "text", "doc-id", "doc_id"]
    package static let requiredColumns: [String] = []
    /// Names of the id column in ViDoRe, ViDoRe v3, BEIR and mteb.
    package static let identifiers = ["corpus-id", "corpus_id", "_id", "id"]

    package var location: RecordLocation
    package var id: String
    package var image: ImageValue?
    /// Title and text, joined like in BEIR.
    package var text: String
    /// The document that the page belongs to.
    package var documentID: String?

    /// The image of a page.
    ///
    /// - Throws: `DataError`; `.valueMissing` for a document without an image.
    package func page(in images: ImageStore) throws -> ImageSource {
        guard let image else { throw DataError.valueMissing(location, column: "image") }
        return try images.sources([image], at: location)[0]
    }

    package init(_ row: Row) throws {
        location = row.location
        id = try row.requiredIdentifier(Self.identifiers)
        image = try row.images("image").first
        let parts = [try row.string("title"), try row.string("text")]
        text = parts.compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " ")
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
    /// The question; empty if the set has no text for it, which makes the query unusable.
    package var text: String
    package var language: String?

    package init(_ row: Row) throws {
        location = row.location
        id = try row.requiredIdentifier(Self.identifiers)
        // The column of BEIR is `text`.
        guard let text = try row.string("query") ?? row.string("text") else {
            throw DataError.valueMissing(row.location, column: "query")
        }
        self.text = text
        language = try row.string("language")
    }
}

/// The relevance of one page for one query.
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

extension Row {
    /// The identifier in the first of `columns` that has a value, which must not be empty.
    ///
    /// - Throws: `DataError.valueMissing`, `.columnType`.
    func requiredIdentifier(_ columns: [String]) throws -> String {
        guard let id = try identifier(columns), !id.isEmpty else {
            throw DataError.valueMissing(location, column: columns[0])
        }
        return id
    }
}
