// A checkpoint that several processes write: the first one makes the folder, each writes its shard
// into it, and the first one publishes it when all shards are there.

import Foundation
import MoCaRanks
import MoCaSystem
import Synchronization
import Torch

/// The exchange between the processes that write one checkpoint. It uses the store, not the group:
/// the run computes meanwhile.
final class ShardedSave: Sendable {
    let rank: Int
    let worldSize: Int
    private let store: RankStore
    private let isAbandoned = Mutex(false)
    /// The time in which the first process must open the folder, which all reach together.
    private let limit: Duration

    private static let pollingInterval = 0.02

    init(_ team: RankTeam) {
        (rank, worldSize, store) = (team.rank, team.worldSize, team.saves)
        limit = team.group.timeout
    }

    var isFirst: Bool { rank == 0 }
    /// The name of this process's shard.
    var fileName: String { Checkpoint.shardName(rank, of: worldSize) }

    private static let ready = "ready"
    private static let failed = "failed"

    private func key(_ step: Int, _ rank: Int) -> String { "save/\(step)/\(rank)" }

    /// Says to the other processes that the folder of a checkpoint exists.
    ///
    /// - Throws: `RankError.peerLost`.
    func open(step: Int) throws { try store.set(key(step, 0), to: Self.ready) }

    /// Says to the other processes that the folder will not exist.
    func cancel(step: Int) {
        // The failure that ended the save is the one to report.
        _ = Result { try store.set(key(step, 0), to: Self.failed) }
    }

    /// Ends all waits: another process is lost.
    func abandon() { isAbandoned.withLock { $0 = true } }

    /// Waits until a process says how far it is; without a limit, because disks may take any time.
    private func answer(
        of other: Int, step: Int, atMost limit: Duration? = nil
    ) throws -> String {
        let (key, start) = (key(step, other), ContinuousClock.now)
        while try !store.contains([key]) {
            let isLate = limit.map { ContinuousClock.now - start > $0 } ?? false
            if isLate || isAbandoned.withLock({ $0 }) { throw RankError.peerFailed(rank: other) }
            Thread.sleep(forTimeInterval: Self.pollingInterval)
        }
        return try store.value(of: key)
    }

    /// Writes this process's shard by `body`, once the folder exists.
    ///
    /// - Throws: `RankError` if the first process fails; errors of `body`.
    func write(step: Int, in folder: URL, _ body: (URL) throws -> Void) throws {
        guard try answer(of: 0, step: step, atMost: limit) == Self.ready else {
            throw RankError.peerFailed(rank: 0)
        }
        do {
            let partial = AtomicFolder.partial(of: folder)
            try body(partial)
            let file = try CheckpointManifest.file(partial.appending(path: fileName))
            try store.set(key(step, rank), to: "\(file.bytes) \(file.sha256)")
        } catch {
            _ = Result { try store.set(key(step, rank), to: Self.failed) }
            throw error
        }
    }

    /// Waits until the other processes have written their shards, and returns their files.
    ///
    /// - Throws: `RankError` if one of them fails.
    func written(step: Int) throws -> [String: CheckpointManifest.File] {
        var files: [String: CheckpointManifest.File] = [:]
        for other in 1..<worldSize {
            let parts = try answer(of: other, step: step).split(separator: " ")
            guard parts.count == 2, let bytes = Int(parts[0]) else {
                throw RankError.peerFailed(rank: other)
            }
            files[Checkpoint.shardName(other, of: worldSize)] = .init(
                bytes: bytes, sha256: String(parts[1]))
        }
        return files
    }
}
