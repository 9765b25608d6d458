// A part of a benchmark that is small enough to be scored during training.

import MoCaCore
import MoCaData
import MoCaSettings

/// The queries, documents and candidates of each set that are scored. nil includes all.
///
/// The choice depends on ids and contents, not on the order of rows. A greater `queryCount` keeps
/// the queries of a smaller one, and a greater `candidateCount` the candidates. A greater
/// `documentCount` keeps the documents only for the same queries: more queries bring more relevant
/// documents, which replace others. Scores of a part are not comparable with published scores: with
/// fewer documents and candidates they are higher.
package struct EvaluationPart: Sendable, Hashable {
    /// The maximum number of queries of a set.
    package var queryCount: Int?
    /// The number of documents of a retrieval set: all relevant documents of the chosen queries,
    /// filled up with others.
    package var documentCount: Int?
    /// The maximum number of candidates of an MMEB query: the right one, then others in order.
    package var candidateCount: Int?
    /// The seed of the choice.
    package var seed: UInt64 = 0

    package init(
        queryCount: Int? = nil, documentCount: Int? = nil, candidateCount: Int? = nil,
        seed: UInt64 = 0
    ) {
        (self.queryCount, self.documentCount) = (queryCount, documentCount)
        (self.candidateCount, self.seed) = (candidateCount, seed)
    }

    /// A preset that runs in minutes on two cores.
    package static let nano = EvaluationPart(
        queryCount: 50, documentCount: 500, candidateCount: 100)

    /// The part as a setting in `scores.json`.
    var setting: JSON {
        var values: JSONObject = ["seed": .integer(Int(clamping: seed))]
        values["max_queries"] = queryCount.map(JSON.integer)
        values["max_documents"] = documentCount.map(JSON.integer)
        values["max_candidates"] = candidateCount.map(JSON.integer)
        return .object(values)
    }

    /// The indices of `count` of the names, in ascending order: those with the smallest random
    /// numbers, each a function of the seed and the name. Among equal names the first are taken.
    func chosen(_ count: Int, of names: [String]) -> [Int] {
        guard count < names.count else { return Array(names.indices) }
        let numbers = names.map { name -> UInt64 in
            var random = RandomSource(seed: seed, name: name)
            return random.next()
        }
        let order = names.indices.sorted {
            (numbers[$0], names[$0], $0) < (numbers[$1], names[$1], $1)
        }
        return order.prefix(count).sorted()
    }

    /// The queries of a set that are evaluated; a subset contains only judged ones.
    func queries(of set: RetrievalSet) -> [QueryRecord] {
        guard let queryCount else { return set.queries }
        let judged = set.queries.filter { set.relevance[ExactText($0.id)]?.isEmpty == false }
        return chosen(queryCount, of: judged.map(\.id)).map { judged[$0] }
    }

    /// The documents of a set to rank: the relevant ones of `queries`, filled up with others.
    func documents(
        _ ids: [String], for queries: [QueryRecord], _ relevance: [ExactText: [ExactText: Int]]
    ) -> Set<ExactText> {
        let all = ids.map { ExactText($0) }
        guard let documentCount, documentCount < ids.count else { return Set(all) }
        let relevant = queries.reduce(into: Set<ExactText>()) { found, query in
            for (id, grade) in relevance[ExactText(query.id)] ?? [:] where grade > 0 {
                found.insert(id)
            }
        }
        var kept = Set(all).intersection(relevant)
        let others = all.filter { !kept.contains($0) }
        for place in chosen(max(0, documentCount - kept.count), of: others.map(\.text)) {
            kept.insert(others[place])
        }
        return kept
    }
}
