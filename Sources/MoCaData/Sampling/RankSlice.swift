// What one of several processes takes of a batch that all of them draw alike: plans do not depend
// on how many there are.

/// The share of one process.
///
/// Every process draws the whole batch of a step, so all are in the same task or bin; the shares are
/// disjoint and together the batch. A batch of fewer samples than processes leaves some without:
/// nothing is repeated to fill them.
package struct RankSlice: Sendable, Hashable {
    /// The process, from 0.
    package let rank: Int
    /// Number of processes.
    package let worldSize: Int

    /// The share of process `rank` of `worldSize`.
    package init(rank: Int, of worldSize: Int) {
        precondition(worldSize > 0 && (0..<worldSize).contains(rank), "\(rank) of \(worldSize)")
        (self.rank, self.worldSize) = (rank, worldSize)
    }

    /// The places in a batch of `count` samples: every `worldSize`-th.
    package func places(in count: Int) -> [Int] {
        Array(stride(from: rank, to: count, by: worldSize))
    }

    /// The places in a batch of samples of these costs, so that the processes have about the same
    /// to do: the dearest first, each to the process with the least (Graham 1969, "Bounds on
    /// multiprocessing timing anomalies").
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

extension TaskBatch {
    /// The part of one process.
    package func slice(_ slice: RankSlice) -> TaskBatch {
        let places = slice.places(in: ids.count)
        return TaskBatch(
            subset: subset, ids: places.map { ids[$0] }, items: places.map { items[$0] })
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
