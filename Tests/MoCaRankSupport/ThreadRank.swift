// Ranks of a run as threads of the test, over a store in memory.

import Foundation
package import MoCaRanks
import MoCaSystem
package import Torch

/// Runs code on several ranks at once, each a thread of this process.
package enum ThreadRank {
    /// Runs `body` for each rank on a thread of its own, and returns the results in the order of
    /// ranks.
    ///
    /// - Throws: The error of the first rank that failed.
    package static func run<Value>(
        _ worldSize: Int, timeout: Duration = .seconds(60), isChecked: Bool = true,
        _ body: @escaping (RankGroup) throws -> Value
    ) throws -> [Value] {
        try team(worldSize, timeout: timeout, isChecked: isChecked) { try body($0.group) }
    }

    /// Runs `body` as `run` does, with what each rank knows of the others.
    package static func team<Value>(
        _ worldSize: Int, timeout: Duration = .seconds(60), isChecked: Bool = true,
        _ body: @escaping (RankTeam) throws -> Value
    ) throws -> [Value] {
        try outcomes(worldSize, timeout: timeout, isChecked: isChecked, body).map { try $0.get() }
    }

    /// Runs `body` as `team` does, and returns what became of each rank.
    package static func outcomes<Value>(
        _ worldSize: Int, timeout: Duration = .seconds(60), isChecked: Bool = false,
        _ body: @escaping (RankTeam) throws -> Value
    ) throws -> [Result<Value, any Error>] {
        let store = try RankStore.local(timeout: timeout)
        let work = Work(body: body)
        let threads = (0..<worldSize).map { rank in
            DedicatedThread<Outcome<Value>>(name: "rank \(rank)", stackSize: 16 << 20) {
                Outcome(
                    result: Result {
                        var options = RankGroup.Options()
                        (options.timeout, options.isChecked) = (timeout, isChecked)
                        let team = try RankTeam.join(
                            threadsOf: store, rank: rank, worldSize: worldSize, options: options)
                        return try work.body(team)
                    })
            }
        }
        return try threads.map { try $0.value().result }
    }

    /// Values that one thread makes and another one reads after it.
    private struct Outcome<Value>: @unchecked Sendable {
        let result: Result<Value, any Error>
    }

    private struct Work<Value>: @unchecked Sendable {
        let body: (RankTeam) throws -> Value
    }
}
