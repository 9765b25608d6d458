// Mismatches among the queries, the judgements and the corpus of a retrieval set.

import MoCaCore
import MoCaData
import MoCaTables

extension RetrievalSet {
    /// Counts mismatches among queries, judgements and the corpus of `documentIDs`.
    func judgements(_ documentIDs: [String]) -> JudgementCount {
        let documents = Set(documentIDs.map { ExactText($0) })
        let scoredQueries = Set(queries.map { ExactText($0.id) })
        return JudgementCount(
            unjudgedQueries: queries.count { relevance[ExactText($0.id)]?.isEmpty ?? true },
            ofUnknownQueries: relevance.filter { !scoredQueries.contains($0.key) }
                .reduce(0) { $0 + $1.value.count },
            ofUnknownDocuments: relevance.values.reduce(0) { sum, judged in
                sum + judged.keys.count { !documents.contains($0) }
            })
    }

    /// What judgements of queries and documents that the set does not have mean: a sentence for
    /// each kind, with the file and the line of the first.
    ///
    /// - Throws: `DataError`.
    func notes(on judgements: JudgementCount, _ documentIDs: [String]) throws -> [String] {
        var notes: [String] = []
        func add(
            _ count: Int, _ what: String, _ effect: String, _ id: (RelevanceRecord) -> String,
            among known: Set<ExactText>
        ) throws {
            guard count > 0,
                let first = try firstJudgement(where: { !known.contains(ExactText(id($0))) })
            else { return }
            notes.append(
                "\(name): it lacks the \(what) of \(NumberText.counted(count, "judgement")), the "
                    + "first '\(id(first))' (\(first.location)); \(effect)")
        }
        try add(
            judgements.ofUnknownQueries, "queries", "these are left out", \.queryID,
            among: Set(queries.map { ExactText($0.id) }))
        try add(
            judgements.ofUnknownDocuments, "documents", "relevant ones count as not found",
            \.corpusID, among: Set(documentIDs.map { ExactText($0) }))
        return notes
    }
}
