// Selects the queries of a set that are worth inspecting, and the documents that wrongly rank
// first.

extension QueryOutcome {
    /// Whether the top-ranked candidate is relevant.
    package var isRight: Bool {
        // MMEB's measure decides, also in files of older versions, whose rankings put the right
        // candidate first among equals.
        if let precision = measures[PrecisionAtOne.measure] { return precision == 1 }
        guard let first = best.first else { return false }
        return relevant.contains { $0.id == first.id }
    }

    /// The score of the best wrong candidate minus that of the best relevant one, negative if the
    /// relevant one is ahead; nil if either is unknown.
    package var margin: Float? {
        let right = Set(relevant.map(\.id))
        guard let found = relevant.first, let wrong = best.first(where: { !right.contains($0.id) })
        else { return nil }
        return wrong.score - found.score
    }
}

/// A document that ranks first for queries to which it is not relevant.
package struct Hub: Sendable, Hashable {
    package let document: String
    /// The queries for which it wrongly ranks first, in the order of the set.
    package let queries: [String]
}

extension [QueryOutcome] {
    /// The queries with a value of `measure` below 1: lowest value first, then by the margin of the
    /// best wrong candidate over the best relevant one.
    package func worst(by measure: String, count: Int) -> [QueryOutcome] {
        let values = map { $0.measures[measure] ?? 0 }
        return indices.filter { values[$0] < 1 }.sorted { first, second in
            (values[first], -(self[first].margin ?? 0), first)
                < (values[second], -(self[second].margin ?? 0), second)
        }.prefix(count).map { self[$0] }
    }

    /// The queries answered correctly, widest margin first.
    package func clearest(count: Int) -> [QueryOutcome] {
        let margins = map { $0.margin ?? 0 }
        return indices.filter { self[$0].isRight }.sorted {
            (margins[$0], $0) < (margins[$1], $1)
        }.prefix(count).map { self[$0] }
    }

    /// The documents that wrongly rank first for the most queries, at least two.
    package func hubs(count: Int) -> [Hub] {
        var queries: [String: [String]] = [:]
        for outcome in self where !outcome.isRight {
            guard let first = outcome.best.first else { continue }
            queries[first.id, default: []].append(outcome.query)
        }
        return queries.filter { $0.value.count > 1 }
            .sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }
            .prefix(count).map { Hub(document: $0.key, queries: $0.value) }
    }
}
