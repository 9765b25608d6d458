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

    /// The indices of the slice in each of several batches, between which the processes do not wait
    /// for each other, with about the same work for all processes over all of the batches.
    ///
    /// Each sample in order of falling cost goes to the process with the least work so far (Graham
    /// 1969, "Bounds on multiprocessing timing anomalies"). A batch alone may have too few costly
    /// samples for that: of MoCa's micro-batches, eight processes need four together.
    ///
    /// - Parameters:
    ///   - batches: The costs of the samples of each batch.
    ///   - turn: A number that is equal on all processes and differs between steps. It decides
    ///     which of them begins, so that the costliest samples do not always go to the same one.
    package func places(balancing batches: [[Int]], turn: Int = 0) -> [[Int]] {
        let samples = batches.enumerated().flatMap { batch, costs in
            costs.enumerated().map { (batch: batch, place: $0, cost: $1) }
        }.sorted { ($1.cost, $0.batch, $0.place) < ($0.cost, $1.batch, $1.place) }
        let own = ((rank - turn) % worldSize + worldSize) % worldSize
        var sums = [Int](repeating: 0, count: worldSize)
        var places = [[Int]](repeating: [], count: batches.count)
        for sample in samples {
            let least = sums.indices.min { (sums[$0], $0) < (sums[$1], $1) } ?? 0
            sums[least] += sample.cost
            if least == own { places[sample.batch].append(sample.place) }
        }
        return places.map { $0.sorted() }
    }

    /// The slices of the batches of one step, balanced over all of them as in
    /// ``places(balancing:turn:)``.
    package func slices<Item: Sendable>(
        of batches: [TokenBatch<Item>], turn: Int
    ) -> [TokenBatch<Item>] {
        zip(batches, places(balancing: batches.map(\.costs), turn: turn)).map { batch, places in
            TokenBatch(
                ids: places.map { batch.ids[$0] }, items: places.map { batch.items[$0] },
                costs: places.map { batch.costs[$0] }, epochs: places.map { batch.epochs[$0] })
        }
    }
}

extension Array {
    /// The slice of one process, balanced by cost as in ``RankSlice/places(balancing:turn:)``.
    package func slice(_ slice: RankSlice, turn: Int, cost: (Element) -> Int) -> [Element] {
        slice.places(balancing: [map(cost)], turn: turn)[0].map { self[$0] }
    }
}
