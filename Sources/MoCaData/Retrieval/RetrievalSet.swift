// A retrieval set in the layout of ViDoRe or BEIR: corpus, queries and judgements.

package import Foundation
package import MoCaCore
import MoCaTables

/// Queries, documents and judgements. Documents stay on disk: `forEachDocument` reads them in
/// constant memory.
///
///     let set = try RetrievalSet(folder: url)
///     try set.forEachDocument { document in ... }
package struct RetrievalSet: Sendable {
    /// The name of the folder.
    package let name: String
    package let queries: [QueryRecord]
    /// The relevance by query id, then by corpus id.
    package let relevance: [ExactText: [ExactText: Int]]
    /// The folder or file of the documents.
    package let corpus: URL
    /// The folder or file of the judgements.
    private let qrels: URL
    /// The images of the documents; paths are relative to the folder `corpus`.
    package let images: ImageStore

    /// Reads queries and judgements.
    ///
    /// - Throws: `DataError`; `.duplicateRecord` for a query that occurs twice, and for a second
    ///   judgement that differs from the first.
    package init(folder: URL) throws {
        name = folder.lastPathComponent
        let layout = RetrievalLayout(of: folder)
        corpus = try layout.url(of: .corpus, in: folder)
        qrels = try layout.url(of: .qrels, in: folder)
        images = ImageStore(root: folder.appendingPathComponent("corpus"))
        var (queries, seen) = ([QueryRecord](), Set<ExactText>())
        try Self.forEach(QueryRecord.self, in: layout.url(of: .queries, in: folder)) { record in
            guard seen.insert(ExactText(record.id)).inserted else {
                throw DataError.duplicateRecord(record.location, what: "query '\(record.id)'")
            }
            queries.append(record)
        }
        self.queries = queries
        var relevance: [ExactText: [ExactText: Int]] = [:]
        try Self.forEachJudgement(in: qrels) { record in
            let (query, document) = (ExactText(record.queryID), ExactText(record.corpusID))
            let old = relevance[query, default: [:]].updateValue(record.score, forKey: document)
            guard old == nil || old == record.score else {
                throw DataError.duplicateRecord(
                    record.location,
                    what: "a judgement of query '\(query)' and document '\(document)' that differs")
            }
        }
        self.relevance = relevance
    }

    /// Calls `body` with every document, in the order of the files; ids may occur twice.
    ///
    /// - Throws: `DataError`, or what `body` throws.
    package func forEachDocument(_ body: (CorpusRecord) throws -> Void) throws {
        try Self.forEach(CorpusRecord.self, in: corpus, body)
    }

    /// The first judgement that satisfies a condition, in the order of the files.
    ///
    /// - Throws: `DataError`.
    package func firstJudgement(
        where isWanted: (RelevanceRecord) -> Bool
    ) throws -> RelevanceRecord? {
        var first: RelevanceRecord?
        try Self.forEachJudgement(in: qrels) { record in
            if first == nil, isWanted(record) { first = record }
        }
        return first
    }

    private static func forEach<R: Record>(
        _ type: R.Type, in part: URL, _ body: (R) throws -> Void
    ) throws {
        for url in try retrievalFiles(in: part) {
            let file = try openRecordFile(url)
            try file.requireColumns(R.requiredColumns)
            try file.forEachRow(columns: R.columns) { try body(R($0)) }
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
