// Computes the score of a retrieval set from its vectors.

import Foundation
import MoCaCore
import MoCaData
import MoCaSystem
import MoCaVectors

/// The vectors of one set, as rows of a matrix.
struct RetrievalVectors {
    let matrix: VectorMatrix
    let queries: [QueryRecord]
    let queryRows: [Int]
    let documentIDs: [String]
    let documentRows: [Int]
    /// A digest of the documents' contents.
    let contents: ContentHasher

    /// - Throws: `SafetensorsError`.
    func write(_ name: String, to output: URL) throws {
        var file = VectorFile(matrix)
        file.add(vectors: "queries", rows: queryRows)
        file.add(vectors: "documents", rows: documentRows)
        try file.write(
            to: VectorFile.url(of: name, in: output),
            ids: ["query_ids": queries.map(\.id), "document_ids": documentIDs])
    }

    /// - Parameters:
    ///   - withoutOwn: whether the document with the id of a query is left out of its ranking.
    ///   - willCompute: called before each block of scores; an error that it throws ends the search.
    /// - Throws: `EvaluationError`, `TorchError`, errors of `willCompute`.
    func score(
        _ set: RetrievalSet, withoutOwn: Bool, willCompute: () throws -> Void
    ) throws -> EvaluationRun.ScoredSet {
        let groups = TranslationGroups.names(of: queries, set.relevance)
        let judged = zip(queries, queryRows).map { query, row in
            JudgedQuery(
                id: query.id, language: query.language, group: groups[ExactText(query.id)],
                row: row, relevance: set.relevance[ExactText(query.id)] ?? [:])
        }
        var evaluation = RetrievalEvaluation(corpus: try Corpus(ids: documentIDs))
        evaluation.ignoresIdenticalIDs = withoutOwn
        try evaluation.add(judged, in: matrix, documents: documentRows, willCompute: willCompute)
        let texts = Dictionary(queries.map { (ExactText($0.id), $0.text) }) { first, _ in first }
        var outcomes = evaluation.outcomes
        for index in outcomes.indices {
            outcomes[index].input = texts[ExactText(outcomes[index].query)]
        }
        return EvaluationRun.ScoredSet(
            score: .retrieval(
                try evaluation.score(
                    set: set.name, random: RandomSource(seed: 0, name: set.name))),
            outcomes: outcomes, data: digest(judged, texts, withoutOwn: withoutOwn))
    }

    /// A digest of contents, ids, judgements and what is ranked.
    private func digest(
        _ judged: [JudgedQuery], _ texts: [ExactText: String], withoutOwn: Bool
    ) -> String {
        var hasher = contents
        if withoutOwn { hasher.add("without the documents of the queries' ids") }
        for id in documentIDs { hasher.add(id) }
        for query in judged {
            hasher.add(query.id)
            hasher.add(texts[ExactText(query.id)] ?? "")
            for (id, grade) in query.relevance.sorted(by: { $0 < $1 }) {
                hasher.add("\(id) \(grade)")
            }
        }
        return hasher.id.text
    }
}
