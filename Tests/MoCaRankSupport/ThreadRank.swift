// Ranks of a run as threads of the test, which exchange values in memory.

import Foundation
package import MoCaObjectives
package import Torch

/// A meeting point of threads: each gives a value and gets those of all, in the order of ranks.
private final class Meeting: @unchecked Sendable {
    private let condition = NSCondition()
    private let size: Int
    private var values: [Any?]
    private var count = 0
    private var round = 0
    private var last: [Any] = []

    init(size: Int) {
        self.size = size
        values = [Any?](repeating: nil, count: size)
    }

    func exchange<Value>(_ value: Value, rank: Int) -> [Value] {
        condition.lock()
        defer { condition.unlock() }
        let mine = round
        values[rank] = value
        count += 1
        if count == size {
            (last, count, round) = (values.compactMap { $0 }, 0, round + 1)
            condition.broadcast()
        }
        while round == mine { condition.wait() }
        return last.compactMap { $0 as? Value }
    }
}

/// A rank that is a thread. Gathered rows carry gradients for its own rows only.
package struct ThreadRank: Collectives {
    private let meeting: Meeting
    package let rank: Int
    package let worldSize: Int

    private init(meeting: Meeting, rank: Int, worldSize: Int) {
        self.meeting = meeting
        self.rank = rank
        self.worldSize = worldSize
    }

    package func sum(_ values: [Double]) -> [Double] {
        let all = meeting.exchange(values, rank: rank)
        return values.indices.map { index in all.reduce(0) { $0 + $1[index] } }
    }

    package func reduce(_ tensors: [Tensor]) {
        let all = meeting.exchange(tensors.map { $0.detached().clone() }, rank: rank)
        for (index, tensor) in tensors.enumerated() {
            tensor.assign(all.dropFirst().reduce(all[0][index]) { $0 + $1[index] })
        }
    }

    package func gather(_ local: [Int]) -> [Int] {
        meeting.exchange(local, rank: rank).flatMap { $0 }
    }

    package func gatherRows(_ local: Tensor) -> Tensor {
        var all = meeting.exchange(local.detached(), rank: rank)
        all[rank] = local
        return .concatenated(all)
    }

    /// Runs `body` for each rank on a thread of its own, and returns the results in the order of
    /// ranks.
    package static func run<Value>(
        _ worldSize: Int, _ body: @escaping (ThreadRank) throws -> Value
    ) throws -> [Value] {
        let meeting = Meeting(size: worldSize)
        let work = Work(body: body, count: worldSize)
        let threads = (0..<worldSize).map { rank in
            let thread = Thread {
                work.run(ThreadRank(meeting: meeting, rank: rank, worldSize: worldSize))
            }
            thread.stackSize = 16 << 20
            thread.start()
            return thread
        }
        while threads.contains(where: { !$0.isFinished }) { Thread.sleep(forTimeInterval: 0.01) }
        return try work.results.compactMap { try $0?.get() }
    }

    private final class Work<Value>: @unchecked Sendable {
        private let body: (ThreadRank) throws -> Value
        private let lock = NSLock()
        private(set) var results: [Result<Value, any Error>?]

        init(body: @escaping (ThreadRank) throws -> Value, count: Int) {
            self.body = body
            results = Array(repeating: nil, count: count)
        }

        func run(_ rank: ThreadRank) {
            let result = Result { try body(rank) }
            lock.withLock { results[rank.rank] = result }
        }
    }
}
