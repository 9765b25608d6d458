// The documents that queries are ranked against, and the order that trec_eval gives them.

/// The documents of a retrieval set.
///
/// trec_eval, and with it `pytrec_eval`, orders by score (as float32), and documents of equal score
/// by their ids, the greatest bytes first (form_res_rels.c, `comp_sim_docno`).
package struct Corpus: Sendable {
    /// The documents' ids, in the order of their scores.
    package let ids: [String]
    /// The place of each document when ids are sorted: the greater goes first among equal scores.
    private let idRanks: [Int32]
    /// The place of an id in `ids`.
    private let indices: [String: Int]

    /// A corpus of documents `ids`.
    ///
    /// - Throws: `EvaluationError.duplicateDocument`.
    package init(ids: [String]) throws {
        self.ids = ids
        var indices: [String: Int] = [:]
        for (index, id) in ids.enumerated() {
            guard indices.updateValue(index, forKey: id) == nil else {
                throw EvaluationError.duplicateDocument(id: id)
            }
        }
        self.indices = indices
        var idRanks = [Int32](repeating: 0, count: ids.count)
        let sorted = ids.indices.sorted { ids[$0].utf8.lexicographicallyPrecedes(ids[$1].utf8) }
        for (rank, index) in sorted.enumerated() { idRanks[index] = Int32(rank) }
        self.idRanks = idRanks
    }

    /// Whether the corpus holds the document `id`.
    package func contains(_ id: String) -> Bool {
        indices[id] != nil
    }

    /// The place of the document `id` in `ids`.
    func index(of id: String) -> Int? { indices[id] }

    /// The best `count` documents, the best first, as places in `ids`.
    ///
    /// - Parameters:
    ///   - scores: one score a document.
    ///   - query: what errors call the query.
    /// - Throws: `EvaluationError.scoreCount`, `.notANumber`.
    package func ranking(_ scores: [Float], count: Int, query: String) throws -> [Int] {
        guard scores.count == ids.count else {
            throw EvaluationError.scoreCount(
                query: query, expected: ids.count, found: scores.count)
        }
        if let bad = scores.firstIndex(where: \.isNaN) {
            throw EvaluationError.notANumber(query: query, candidate: ids[bad])
        }
        guard count > 0 else { return [] }
        let precedes = { (lhs: Int, rhs: Int) in
            scores[lhs] != scores[rhs]
                ? scores[lhs] > scores[rhs] : self.idRanks[lhs] > self.idRanks[rhs]
        }
        // Twice as many as wanted are gathered before they are sorted and cut.
        var best: [Int] = []
        best.reserveCapacity(2 * count)
        var isCut = false
        for index in scores.indices {
            if isCut, !precedes(index, best[count - 1]) { continue }
            best.append(index)
            if best.count == 2 * count {
                best.sort(by: precedes)
                best.removeLast(count)
                isCut = true
            }
        }
        best.sort(by: precedes)
        return Array(best.prefix(count))
    }
}
