// The documents that queries are ranked against, and the order that trec_eval gives them.

import MoCaCore

/// The documents of a retrieval set.
///
/// trec_eval, and with it `pytrec_eval`, orders by score (as float32), and documents of equal score
/// by their ids, the greatest bytes first (form_res_rels.c, `comp_sim_docno`). A search that puts the
/// first of equal documents first therefore goes through them in the order of `ids`.
package struct Corpus: Sendable {
    /// The documents' ids, the greatest first.
    package let ids: [String]
    /// The place that each of `ids` has in the list that the corpus was made of.
    package let sources: [Int]
    /// The place of an id in `ids`.
    private let places: [ExactText: Int]

    /// A corpus of documents `ids`, in any order.
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

    /// The place of the document `id` in `ids`.
    func place(of id: ExactText) -> Int? { places[id] }
}
