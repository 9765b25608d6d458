// Finds the queries and positives of a subset that occur several times.

/// The pairs of one subset as hashes: 24 bytes per record. Contents are distinguished by 64 bits;
/// the chance that any two of 10 million different ones collide is 3 in a million.
struct PairIndex {
    private struct Pair {
        var query: UInt64
        var positive: UInt64
        var row: Int
    }

    /// A content that occurs with several contents on the other side.
    struct Group: Hashable {
        var firstRow: Int
        /// The number of records with this content.
        var recordCount: Int
        /// The number of distinct contents on the other side.
        var otherCount: Int
    }

    private var pairs: [Pair] = []

    mutating func add(query: UInt64, positive: UInt64, row: Int) {
        pairs.append(Pair(query: query, positive: positive, row: row))
    }

    /// Queries with several positives.
    func repeatedQueries() -> [Group] { Self.groups(pairs) }

    /// Positives with several queries.
    func repeatedPositives() -> [Group] {
        Self.groups(pairs.map { Pair(query: $0.positive, positive: $0.query, row: $0.row) })
    }

    /// Rows whose pair occurs before, with the row of its first occurrence.
    func repeatedRecords() -> [(row: Int, first: Int)] {
        let sorted = pairs.sorted {
            ($0.query, $0.positive, $0.row) < ($1.query, $1.positive, $1.row)
        }
        var found: [(row: Int, first: Int)] = []
        var first = 0
        for index in sorted.indices.dropFirst() {
            let isSame =
                sorted[index].query == sorted[first].query
                && sorted[index].positive == sorted[first].positive
            if isSame {
                found.append((sorted[index].row, sorted[first].row))
            } else {
                first = index
            }
        }
        return found.sorted { $0.row < $1.row }
    }

    /// Groups the pairs by `query`.
    private static func groups(_ pairs: [Pair]) -> [Group] {
        let sorted = pairs.sorted {
            ($0.query, $0.positive, $0.row) < ($1.query, $1.positive, $1.row)
        }
        var found: [Group] = []
        var start = 0
        for end in 1...max(1, sorted.count) where !sorted.isEmpty {
            guard end == sorted.count || sorted[end].query != sorted[start].query else { continue }
            let group = sorted[start..<end]
            // Equal contents are adjacent.
            let others = zip(group, group.dropFirst()).reduce(1) { count, pair in
                count + (pair.0.positive == pair.1.positive ? 0 : 1)
            }
            if others > 1 {
                let firstRow = group.map(\.row).min() ?? 0
                found.append(
                    Group(firstRow: firstRow, recordCount: group.count, otherCount: others))
            }
            start = end
        }
        return found.sorted { $0.firstRow < $1.firstRow }
    }
}
