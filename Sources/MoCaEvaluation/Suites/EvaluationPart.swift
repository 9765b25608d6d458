// A part of a benchmark, small enough to be scored while a model is trained.

import MoCaCore
import MoCaData
import MoCaSettings

/// Which queries, documents and candidates of each set are scored. nil is all of them.
///
/// What is chosen depends on ids and contents, not on the order of rows. A greater `queryCount`
/// keeps the queries of a smaller one, and a greater `candidateCount` the candidates. A greater
/// `documentCount` keeps the documents while the queries are the same: more queries bring more
/// relevant documents, which take the places of others. Scores of a part are no one's published
/// scores: with fewer documents and candidates they are higher.
package struct EvaluationPart: Sendable, Hashable {
    /// Queries of a set, at most.
    package var queryCount: Int?
    /// Documents of a retrieval set: all relevant ones of the chosen queries, and others up to this
    /// number.
    package var documentCount: Int?
    /// Candidates of a query of MMEB, at most: the right one, and the others in their order.
    package var candidateCount: Int?
    /// Chooses another part.
    package var seed: UInt64 = 0

    package init(
        queryCount: Int? = nil, documentCount: Int? = nil, candidateCount: Int? = nil,
        seed: UInt64 = 0
    ) {
        (self.queryCount, self.documentCount) = (queryCount, documentCount)
        (self.candidateCount, self.seed) = (candidateCount, seed)
    }

    /// Minutes on two cores.
    package static let nano = EvaluationPart(
        queryCount: 50, documentCount: 500, candidateCount: 100)

    /// What `scores.json` says about the part.
    var setting: JSON {
        var values: JSONObject = ["seed": .integer(Int(clamping: seed))]
        values["max_queries"] = queryCount.map(JSON.integer)
        values["max_documents"] = documentCount.map(JSON.integer)
        values["max_candidates"] = candidateCount.map(JSON.integer)
        return .object(values)
    }

    /// The places of `count` of the names, in ascending order: those of the least random numbers,
    /// each of which is a function of the seed and the name. Among equal names the first are taken.
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

    /// The queries of a set that are asked; unjudged ones are not, for they would not count.
    func queries(of set: RetrievalSet) -> [QueryRecord] {
        guard let queryCount else { return set.queries }
        let judged = set.queries.filter { set.relevance[$0.id]?.isEmpty == false }
        return chosen(queryCount, of: judged.map(\.id)).map { judged[$0] }
    }

    /// The documents of a set that are ranked.
    func documents(
        _ ids: [String], for queries: [QueryRecord], _ relevance: [String: [String: Int]]
    ) -> Set<String> {
        guard let documentCount, documentCount < ids.count else { return Set(ids) }
        let relevant = queries.reduce(into: Set<String>()) { found, query in
            for (id, grade) in relevance[query.id] ?? [:] where grade > 0 { found.insert(id) }
        }
        var kept = Set(ids).intersection(relevant)
        let others = ids.filter { !kept.contains($0) }
        for place in chosen(max(0, documentCount - kept.count), of: others) {
            kept.insert(others[place])
        }
        return kept
    }
}
