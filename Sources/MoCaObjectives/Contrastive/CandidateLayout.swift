// The origin of each candidate over all ranks, and the candidates left out of a comparison.
// Shapes: B queries of this rank, C candidates of all ranks (positives, then hard negatives).

/// The origin of each candidate of all ranks.
package struct CandidateLayout: Sendable, Hashable {
    /// `[B]`: the index of each local query's positive among the candidates.
    package let targets: [Int]
    /// The number of positives, which come first, in the order of queries; the other candidates are
    /// hard negatives.
    package let positiveCount: Int
    /// For each negative of all ranks, the index of its query over all ranks.
    package let owners: [Int]
    /// The content hashes of all candidates; empty when unknown.
    package let identities: [Int]
    /// The target hashes of all candidates; empty when unknown.
    package let targetIdentities: [Int]

    init(_ batch: ContrastiveBatch, _ collectives: any Collectives) {
        let counts = collectives.gather(batch.negativeCounts)
        let sizes = collectives.gather([batch.queryCount])
        let first = sizes.prefix(collectives.rank).reduce(0, +)
        positiveCount = counts.count
        targets = (0..<batch.queryCount).map { first + $0 }
        owners = counts.enumerated().flatMap { query, count in
            [Int](repeating: query, count: count)
        }
        func all(_ own: [Int]) -> [Int] {
            // A rank without rows has no hashes, but still takes part in the collectives.
            guard collectives.sum([Double(own.count)])[0] > 0 else { return [] }
            return collectives.gather(Array(own.prefix(batch.queryCount)))
                + collectives.gather(Array(own.dropFirst(batch.queryCount)))
        }
        identities = all(batch.candidateIdentities)
        targetIdentities = all(batch.targetIdentities)
    }

    /// Returns `[B, C]`: true for candidates that a query is not compared with.
    func excluded(_ settings: ContrastiveObjective.Settings) -> [Bool] {
        let candidates = positiveCount + owners.count
        var excluded = [Bool](repeating: false, count: targets.count * candidates)
        for (row, target) in targets.enumerated() {
            for candidate in 0..<candidates where candidate != target {
                let isForeign =
                    candidate >= positiveCount && settings.hardNegativeScope == .own
                    && owners[candidate - positiveCount] != target
                excluded[row * candidates + candidate] =
                    isForeign || isRepeated(candidate, of: target, settings)
            }
        }
        return excluded
    }

    /// Returns `[B, positiveCount]`: true for queries that a local positive is not compared with,
    /// because their positives are equal to it.
    func excludedQueries(_ settings: ContrastiveObjective.Settings) -> [Bool] {
        targets.flatMap { target in
            (0..<positiveCount).map { query in
                query != target && isRepeated(query, of: target, settings)
            }
        }
    }

    private func isRepeated(
        _ candidate: Int, of target: Int, _ settings: ContrastiveObjective.Settings
    ) -> Bool {
        (settings.masksRepeatedPositives && !identities.isEmpty
            && identities[candidate] == identities[target])
            || (settings.masksSameTarget && !targetIdentities.isEmpty
                && targetIdentities[candidate] == targetIdentities[target])
    }
}
