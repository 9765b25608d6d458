// Selects the samples of one of several processes that all draw the same batch: the order of
// samples does not depend on the number of processes.

/// The slice of each batch that one process loads.
///
/// Every process draws the whole batch of a step, so all have the same task or bin; the slices are
/// disjoint and together make up the batch. With fewer samples than processes, some slices are
/// empty: no sample is repeated to fill them.
package struct RankSlice: Sendable, Hashable {
    /// The process's index, from 0.
    package let rank: Int
    /// The number of processes.
    package let worldSize: Int

    /// The slice of a single process, which is the whole batch.
    package static let whole = RankSlice(rank: 0, of: 1)

    /// Makes the slice of process `rank` of `worldSize`.
    package init(rank: Int, of worldSize: Int) {
        precondition(worldSize > 0 && (0..<worldSize).contains(rank), "\(rank) of \(worldSize)")
        (self.rank, self.worldSize) = (rank, worldSize)
    }

    /// The indices of the slice in a batch of `count` samples: every `worldSize`-th.
    package func places(in count: Int) -> [Int] {
        Array(stride(from: rank, to: count, by: worldSize))
    }

    /// The indices of the slice in a batch of samples of these costs, with about the same work for
    /// all processes: each sample in order of falling cost goes to the process with the least work
    /// so far (Graham 1969, "Bounds on multiprocessing timing anomalies").
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
    /// The slice of one process, balanced by cost.
    package func slice(_ slice: RankSlice) -> TokenBatch {
        let places = slice.places(balancing: costs)
        return TokenBatch(
            ids: places.map { ids[$0] }, items: places.map { items[$0] },
            costs: places.map { costs[$0] }, epochs: places.map { epochs[$0] })
    }
}

extension Array {
    /// The slice of one process, for samples of about the same cost.
    package func slice(_ slice: RankSlice) -> [Element] {
        slice.places(in: count).map { self[$0] }
    }
}
