// What one of several processes takes of a batch that all of them draw alike: the order of samples
// does not depend on the number of processes.

/// The part of each batch that one process loads.
///
/// Every process draws the whole batch of a step, so all are in the same task or bin; the parts are
/// disjoint and together the batch. A batch of fewer samples than processes leaves some without:
/// nothing is repeated to fill them.
package struct RankSlice: Sendable, Hashable {
    /// The process's index, from 0.
    package let rank: Int
    /// The number of processes.
    package let worldSize: Int

    /// The part of a run of one process, which is the whole batch.
    package static let whole = RankSlice(rank: 0, of: 1)

    /// The part of process `rank` of `worldSize`.
    package init(rank: Int, of worldSize: Int) {
        precondition(worldSize > 0 && (0..<worldSize).contains(rank), "\(rank) of \(worldSize)")
        (self.rank, self.worldSize) = (rank, worldSize)
    }

    /// The indices in a batch of `count` samples: every `worldSize`-th.
    package func places(in count: Int) -> [Int] {
        Array(stride(from: rank, to: count, by: worldSize))
    }

    /// The indices in a batch of samples of these costs, such that all processes have about the same
    /// work: the most costly samples first, each to the process with the least (Graham 1969, "Bounds
    /// on multiprocessing timing anomalies").
    package func places(balancing costs: [Int]) -> [Int] {
        var sums = [Int](repeating: 0, count: worldSize)
        var places: [Int] = []
        for place in costs.indices.sorted(by: { (-costs[$0], $0) < (-costs[$1], $1) }) {
            let least = sums.indices.min { (sums[$0], $0) < (sums[$1], $1) } ?? 0
            sums[least] += costs[place]
            if least == rank { places.append(place) }
        }
        return places.sorted()
    }
}

extension TokenBatch {
    /// The part of one process.
    package func slice(_ slice: RankSlice) -> TokenBatch {
        let places = slice.places(balancing: costs)
        return TokenBatch(
            ids: places.map { ids[$0] }, items: places.map { items[$0] },
            costs: places.map { costs[$0] }, epochs: places.map { epochs[$0] })
    }
}

extension Array {
    /// The part of one process of a batch whose samples cost about the same.
    package func slice(_ slice: RankSlice) -> [Element] {
        slice.places(in: count).map { self[$0] }
    }
}
