// The origin of each candidate over all ranks, and the candidates left out of a comparison.
// Shapes: B queries of this rank, C candidates of all ranks (positives, then hard negatives).

import Torch

/// The origin of each candidate of all ranks.
package struct CandidateLayout: Sendable, Hashable {
    /// `[B]`: the index of each local query's positive among the candidates.
    package let targets: [Int]
    /// The rows that each rank contributes, in the order of ranks.
    let blocks: [Block]
    /// The number of positives, which come first, in the order of queries; the other candidates are
    /// hard negatives.
    package let positiveCount: Int
    /// For each negative of all ranks, the index of its query over all ranks.
    package let owners: [Int]
    /// The content hashes of all candidates; empty when unknown.
    package let identities: [Int]
    /// The target hashes of all candidates; empty when unknown.
    package let targetIdentities: [Int]

    /// The numbers of rows of one rank.
    struct Block: Sendable, Hashable {
        var queries: Int
        var negatives: Int
    }

    init(_ batch: ContrastiveBatch, _ collectives: any Collectives) {
        // A number for each query, so the lists say how many queries each rank has.
        let lists = collectives.gatherLists(batch.negativeCounts)
        let counts = lists.flatMap { $0 }
        let blocks = lists.map { Block(queries: $0.count, negatives: $0.reduce(0, +)) }
        let first = blocks.prefix(collectives.rank).reduce(0) { $0 + $1.queries }
        self.blocks = blocks
        positiveCount = counts.count
        targets = (0..<batch.queryCount).map { first + $0 }
        owners = counts.enumerated().flatMap { query, count in
            [Int](repeating: query, count: count)
        }
        func all(_ own: [Int]) -> [Int] {
            let lists = collectives.gatherLists(own)
            // A rank without rows has no hashes; others have none only if they are unknown.
            let isKnown = zip(lists, blocks).allSatisfy { $0.count == $1.queries + $1.negatives }
            guard isKnown else { return [] }
            return zip(lists, blocks).flatMap { $0.prefix($1.queries) }
                + zip(lists, blocks).flatMap { $0.dropFirst($1.queries) }
        }
        identities = all(batch.candidateIdentities)
        targetIdentities = all(batch.targetIdentities)
    }

    /// The first row of each block when blocks of `rows` rows each follow one another.
    func starts(_ rows: (Block) -> Int) -> [Int] {
        var next = 0
        return blocks.map { block in
            defer { next += rows(block) }
            return next
        }
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
