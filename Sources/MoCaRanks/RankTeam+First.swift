// Work that the first rank does for all, for however long, while the others wait.

import Foundation
import MoCaSystem
import Synchronization
import Torch

extension RankTeam {
    private static let success = "ok:"
    private static let beatKey = "beat"

    /// Runs `body` on rank 0, and returns its text on all ranks. They wait as long as rank 0 gives
    /// signs of life.
    ///
    /// - Throws: The error of `body` on rank 0; on the others `RankError.peerFailed`, or `.peerLost`
    ///   if rank 0 is not heard of for the group's timeout.
    package func fromFirst(_ key: String, _ body: () throws -> String) throws -> String {
        guard isFirst else { return try awaitedFromFirst(key) }
        let heart = Heart(saves, key: Self.beatKey, every: min(group.timeout / 5, .seconds(5)))
        defer { heart.stop() }
        do {
            let text = try body()
            try store.set(key, to: Self.success + text)
            return text
        } catch {
            // The error of `body` is the one to throw.
            _ = Result { try store.set(key, to: "error") }
            throw error
        }
    }

    /// Waits on rank 0 until the others have come here, a few seconds at most: it may serve the
    /// store that they still read.
    package func leave() {
        let (saves, isFirst, others) = (saves, isFirst, worldSize - 1)
        // On a thread of its own: over a cut cable, a call may wait for ever.
        let thread = DedicatedThread<Void>(name: "moca.farewell") {
            guard isFirst else { return _ = try saves.add(1, to: Self.leaversKey) }
            while try saves.add(0, to: Self.leaversKey) < others {
                Thread.sleep(forTimeInterval: 0.01)
            }
        }
        // Whoever does not come has ended already.
        thread.join(atMost: Self.farewell)
    }

    private static let leaversKey = "left"
    private static let farewell = Duration.seconds(10)

    private func awaitedFromFirst(_ key: String) throws -> String {
        let (saves, state) = (saves, Waiting())
        // On a thread of its own: over a cut cable, a call may wait for ever.
        let thread = DedicatedThread<String>(name: "moca.first-rank") {
            var beats = -1
            while try !saves.contains([key]) {
                if state.isOver.withLock({ $0 }) { return "" }
                let count = try saves.add(0, to: Self.beatKey)
                state.lastSign.withLock { if count != beats { $0 = .now } }
                beats = count
                Thread.sleep(forTimeInterval: 0.05)
            }
            return try saves.value(of: key)
        }
        while !thread.join(atMost: .milliseconds(100)) {
            guard ContinuousClock.now - state.lastSign.withLock({ $0 }) < group.timeout else {
                state.isOver.withLock { $0 = true }
                let seconds = group.timeout.components.seconds
                throw RankError.peerLost(
                    rank: 0, host: members[0].host,
                    reason: "nothing was heard of it for \(seconds) s")
            }
        }
        let answer = try thread.value()
        guard answer.hasPrefix(Self.success) else { throw RankError.peerFailed(rank: 0) }
        return String(answer.dropFirst(Self.success.count))
    }

    /// What the waiting thread and the one that watches it share.
    private final class Waiting: Sendable {
        let lastSign = Mutex(ContinuousClock.now)
        let isOver = Mutex(false)
    }
}

/// Signs of life in a store, at regular times until `stop`.
private final class Heart: Sendable {
    private final class Stop: Sendable {
        let isSet = Mutex(false)
    }

    private let end = Stop()
    private static let pollingInterval = 0.1

    init(_ store: RankStore, key: String, every interval: Duration) {
        let end = end
        _ = DedicatedThread<Void>(name: "moca.heart") {
            var next = ContinuousClock.now
            while !end.isSet.withLock({ $0 }) {
                if ContinuousClock.now >= next {
                    try store.add(1, to: key)
                    next = .now + interval
                }
                Thread.sleep(forTimeInterval: Self.pollingInterval)
            }
        }
    }

    func stop() { end.isSet.withLock { $0 = true } }
}
