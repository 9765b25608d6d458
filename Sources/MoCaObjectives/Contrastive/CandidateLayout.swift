// Which candidate is whose, over all ranks, and which are left out of a comparison.
// Shapes: B queries here, C candidates of all ranks (positives, then hard negatives).

/// Where each candidate of all ranks comes from.
package struct CandidateLayout: Sendable, Hashable {
    /// `[B]`: the candidate that is each local query's positive.
    package let targets: [Int]
    /// Candidates before this one are positives, in the order of queries; the others are hard
    /// negatives.
    package let positiveCount: Int
    /// For each negative of all ranks, the query of all ranks that it belongs to.
    package let owners: [Int]
    /// Content numbers of all candidates; empty when unknown.
    package let identities: [Int]
    /// Target numbers of all candidates; empty when unknown.
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
            // A rank without rows has none either, and takes part all the same.
            guard collectives.sum([Double(own.count)])[0] > 0 else { return [] }
            return collectives.gather(Array(own.prefix(batch.queryCount)))
                + collectives.gather(Array(own.dropFirst(batch.queryCount)))
        }
        identities = all(batch.candidateIdentities)
        targetIdentities = all(batch.targetIdentities)
    }

    /// `[B, C]`: candidates that a query is not compared with.
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

    /// `[B, positiveCount]`: queries that a local positive is not compared with, for they look for
    /// the same.
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
