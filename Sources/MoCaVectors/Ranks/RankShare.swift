// The share of one rank in work that several processes do for one result.

package import Foundation

/// The share of this process among those of a launcher, which meet in a folder that all of them see.
///
/// Ranks exchange nothing but files. Each rank computes its share into a folder of its own, where it
/// also says that it is alive (`RankSign`); rank 0 waits until all shares are there, and makes the
/// result of them. Nobody waits for a rank without a limit, a rank that ends early harms no other, and
/// what a rank has finished outlives it.
package struct RankShare: Sendable {
    /// The number of this process, from 0.
    package let rank: Int
    /// The number of processes.
    package let worldSize: Int
    /// The name of rank 0's device, under which all ranks keep their vectors; nil for the name of
    /// each rank's own.
    package var device: String?
    /// The time without a sign of life after which a rank counts as lost.
    package var timeout = Duration.seconds(600)
    /// The time that rank 0 gives a rank which had finished its share for an earlier rank 0 to start
    /// again; afterwards it takes the share as it is.
    package var grace = Duration.seconds(120)
    /// The time between two signs of life.
    package var interval = Duration.seconds(5)
    /// Receives the ranks that rank 0 waits for whenever they change, as one sentence.
    package var onWait: @Sendable (String) -> Void = { _ in }

    /// Creates the share of process number `rank` of `worldSize`.
    package init(rank: Int, of worldSize: Int) {
        precondition((0..<worldSize).contains(rank), "there is no rank \(rank) of \(worldSize)")
        (self.rank, self.worldSize) = (rank, worldSize)
    }

    /// Whether this process makes the result, and is the one that reports.
    package var isFirst: Bool { rank == 0 }

    /// The share as a part of an input.
    package var shard: WindowShard { WindowShard(index: rank, of: worldSize) }

    /// The folder of each rank beside `url`.
    func folders(beside url: URL) -> [URL] {
        (0..<worldSize).map { WindowShard(index: $0, of: worldSize).part(of: url) }
    }

    /// Runs this rank's part of the work, and shows the others how it goes.
    ///
    /// - Parameters:
    ///   - folders: the folder of each rank.
    ///   - subject: a digest of what is computed, which must be equal on all ranks; nil if `gather`
    ///     finds differences.
    ///   - isInterrupted: called while rank 0 waits for others, and others for rank 0.
    ///   - work: computes this rank's share, and releases its files.
    ///   - gather: makes the result of all shares; called on rank 0, after all others finished.
    /// - Returns: the value of `gather`; nil on other ranks.
    /// - Throws: `VectorError`, errors of `work` and `gather`.
    func run<Share, Value>(
        in folders: [URL], subject: String? = nil, isInterrupted: () -> Bool,
        work: () async throws -> Share, gather: (Share) throws -> Value
    ) async throws -> Value? {
        let beacon = try RankBeacon(in: folders[rank], subject: subject, every: interval)
        let meeting = RankMeeting(self, folders, beacon)
        do {
            let share = try await work()
            guard isFirst else {
                beacon.finish()
                try await meeting.waitForFirst(unless: isInterrupted)
                return nil
            }
            try await meeting.waitForOthers(unless: isInterrupted)
            // The folders may be removed from now on.
            beacon.stop()
            return try gather(share)
        } catch {
            beacon.fail(error)
            throw error
        }
    }
}
