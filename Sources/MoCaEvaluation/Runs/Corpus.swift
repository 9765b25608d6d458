// The documents that queries are ranked against, in trec_eval's tie-breaking order.

import MoCaCore

/// The documents of a retrieval set.
///
/// trec_eval, and therefore `pytrec_eval`, orders by score (as float32), and documents of equal
/// score by id in descending byte order (form_res_rels.c, `comp_sim_docno`). A search that prefers
/// the first of equal documents must therefore visit them in the order of `ids`.
package struct Corpus: Sendable {
    /// The documents' ids in descending byte order.
    package let ids: [String]
    /// The index of each of `ids` in the list that the corpus was created from.
    package let sources: [Int]
    /// The index of each id in `ids`.
    private let places: [ExactText: Int]

    /// Creates a corpus of documents `ids`, in any order.
    ///
    /// - Throws: `EvaluationError.duplicateDocument`.
    package init(ids: [String]) throws {
        sources = ids.indices.sorted { ids[$1].utf8.lexicographicallyPrecedes(ids[$0].utf8) }
        self.ids = sources.map { ids[$0] }
        var places: [ExactText: Int] = [:]
        places.reserveCapacity(ids.count)
        for (place, id) in self.ids.enumerated() {
            guard places.updateValue(place, forKey: ExactText(id)) == nil else {
                throw EvaluationError.duplicateDocument(id: id)
            }
        }
        self.places = places
    }

    /// The index of the document `id` in `ids`.
    func place(of id: ExactText) -> Int? { places[id] }
}
