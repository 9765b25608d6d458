// Waiting for other ranks, by the signs in their folders.

import Foundation
import MoCaCore

/// The wait of rank 0 for the others, and theirs for rank 0.
///
/// A share that a rank finished for an earlier process of rank 0 must not be taken and removed while
/// the rank is started again: it would find nothing and compute everything anew. Therefore a finished
/// rank first sees rank 0 alive and answers it, and rank 0 waits for the answer.
struct RankMeeting {
    /// The time between two looks at the signs.
    private static let pause = Duration.milliseconds(100)

    private let share: RankShare
    private let folders: [URL]
    private let beacon: RankBeacon
    /// The signs of the other ranks when this process began its work.
    private let firstSigns: [Int: Observed]

    init(_ share: RankShare, _ folders: [URL], _ beacon: RankBeacon) {
        (self.share, self.folders, self.beacon) = (share, folders, beacon)
        let others = share.isFirst ? 1..<share.worldSize : 0..<0
        firstSigns = Dictionary(uniqueKeysWithValues: others.map { ($0, Observed(folders[$0])) })
    }

    /// The last sign of a rank, and for how long it has been the same.
    private struct Observed {
        private(set) var sign: RankSign?
        private var since = ContinuousClock.now
        /// Whether the sign has changed since the first look at it.
        private(set) var hasChanged = false

        init(_ folder: URL) { sign = RankSign(in: folder) }

        mutating func look(in folder: URL) {
            let found = RankSign(in: folder)
            guard found != sign else { return }
            (sign, hasChanged) = (found, true)
            since = ContinuousClock.now
        }

        var quiet: Duration { ContinuousClock.now - since }
    }

    /// Waits until all other ranks have finished their shares.
    ///
    /// - Throws: `VectorError.rankFailed`, `.rankDiffers`, `.rankLost`, `.waitInterrupted`.
    func waitForOthers(unless isInterrupted: () -> Bool) async throws {
        var observed = firstSigns
        var shown: [Int] = []
        while true {
            guard !isInterrupted() else { throw interruption }
            var pending: [Int] = []
            for rank in observed.keys.sorted() {
                observed[rank]?.look(in: folders[rank])
                if let seen = observed[rank], try !isDone(rank, seen) { pending.append(rank) }
            }
            guard !pending.isEmpty else { return }
            if pending != shown { share.onWait(Self.sentence(pending)) }
            shown = pending
            // A rank that has finished waits for a new sign of this one.
            if pending.contains(where: { observed[$0]?.sign?.state == .finished }) { beacon.beat() }
            try await Task.sleep(for: Self.pause)
        }
    }

    private func isDone(_ rank: Int, _ observed: Observed) throws -> Bool {
        let (sign, quiet) = (observed.sign, observed.quiet)
        switch sign?.state {
        case .finished:
            guard sign?.seen == beacon.process || quiet > share.grace else { return false }
            guard sign?.subject == beacon.subject else {
                throw VectorError.rankDiffers(rank: rank, folder: folders[rank].path)
            }
            return true
        case .failed where observed.hasChanged || quiet > share.grace:
            throw VectorError.rankFailed(
                rank: rank, folder: folders[rank].path,
                reason: sign?.reason ?? "it does not say why")
        case .failed: return false
        case .running, nil:
            if quiet > share.timeout { throw lost(rank) }
            return false
        }
    }

    /// Waits until rank 0 has shown that it is alive, and answers it. If rank 0 has removed its
    /// folder or has failed, there is nothing to wait for: this rank's share is complete.
    ///
    /// - Throws: `VectorError.rankLost`, `.waitInterrupted`.
    func waitForFirst(unless isInterrupted: () -> Bool) async throws {
        var observed = Observed(folders[0])
        while true {
            guard !isInterrupted() else { throw interruption }
            observed.look(in: folders[0])
            if observed.hasChanged {
                guard let sign = observed.sign, sign.state != .failed else { return beacon.stop() }
                return beacon.answer(sign.process)
            }
            guard observed.quiet <= share.timeout else { throw lost(0) }
            try await Task.sleep(for: Self.pause)
        }
    }

    private var interruption: VectorError {
        .waitInterrupted(folder: folders[share.rank].path)
    }

    private func lost(_ rank: Int) -> VectorError {
        .rankLost(
            rank: rank, folder: folders[rank].path, seconds: Int(share.timeout.seconds.rounded()))
    }

    private static func sentence(_ ranks: [Int]) -> String {
        let (shown, rest) = (ranks.prefix(8).map(String.init), ranks.count - 8)
        return "waiting for \(ranks.count == 1 ? "rank" : "ranks") "
            + shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
}
