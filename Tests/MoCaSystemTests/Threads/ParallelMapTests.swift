import Foundation
import MoCaSystem
import Synchronization
import Testing

@Suite struct ParallelMapTests {
    private struct Failure: Error, Equatable {
        let index: Int
    }

    @Test(arguments: [0, 1, 2, 7])
    func resultsKeepTheirOrder(threads: Int) {
        for count in [0, 1, 5, 1000] {
            let found = parallelMap(count, threads: threads) { index in
                // Later indices end first.
                if index % 100 == 0 { usleep(200) }
                return index * index
            }
            #expect(found == (0..<count).map { $0 * $0 })
        }
    }

    @Test func theErrorIsThatOfTheLowestIndexThatFails() {
        for _ in 0..<50 {
            #expect(throws: Failure(index: 3)) {
                try parallelMap(40, threads: 4) { index in
                    // The lowest failure comes last.
                    if index == 3 { usleep(500) }
                    if index >= 3 { throw Failure(index: index) }
                }
            }
        }
    }

    @Test func nothingIsBegunAfterAFailure() {
        let begun = Mutex(0)
        #expect(throws: Failure.self) {
            try parallelMap(100_000, threads: 2) { index in
                begun.withLock { $0 += 1 }
                throw Failure(index: index)
            }
        }
        #expect(begun.withLock { $0 } <= 2)
    }

    @Test func noMoreThreadsThanAskedFor() {
        let running = Mutex((now: 0, most: 0))
        _ = parallelMap(64, threads: 2) { _ in
            running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
            usleep(300)
            running.withLock { $0.now -= 1 }
        }
        #expect(running.withLock { $0.most } <= 2)
    }

    @Test func tasksWaitForElementsInOrder() async throws {
        let elements = (0..<300).map { "\($0)" }
        #expect(await parallelMap(elements) { $0 + "!" } == elements.map { $0 + "!" })
        #expect(await parallelMap([Int]()) { $0 } == [])
        await #expect(throws: Failure(index: 7)) {
            try await parallelMap(Array(0..<20)) { index in
                if index >= 7 { throw Failure(index: index) }
            }
        }
    }

    /// Each call would wait for ever if it held the thread that the others need.
    @Test func callsInCallsEnd() async {
        let found = await parallelMap(Array(0..<8)) { outer in
            parallelMap(8) { inner in parallelMap(4) { $0 + inner + outer }.reduce(0, +) }
                .reduce(0, +)
        }
        #expect(found == (0..<8).map { outer in 8 * 6 + 4 * 28 + 32 * outer })
    }

    @Test(arguments: [0, 1, 3, 100])
    func chunksCoverEveryIndexOnce(count: Int) {
        let seen = Mutex([Int](repeating: 0, count: count))
        parallelForEachChunk(of: count) { chunk in
            seen.withLock { seen in
                for index in chunk { seen[index] += 1 }
            }
        }
        #expect(seen.withLock { $0 } == [Int](repeating: 1, count: count))
    }
}
