import Foundation
import Synchronization
import Testing
import Torch

@Suite(.timeLimit(.minutes(1))) struct ModelActorTests {
    private static var thread: UInt { UInt(bitPattern: pthread_self().hashValue) }

    @Test func allWorkRunsOnOneThreadOfItsOwn() async {
        let (first, second) = (ModelActor(), ModelActor(name: "moca.other"))
        var threads: Set<UInt> = []
        for _ in 0..<20 {
            threads.insert(await first.run { Self.thread })
            await Task.yield()
        }
        let all = await withTaskGroup(of: UInt.self) { group in
            for _ in 0..<100 { group.addTask { await first.run { Self.thread } } }
            return await group.reduce(into: threads) { $0.insert($1) }
        }
        #expect(all.count == 1)
        #expect(await !all.contains(second.run { Self.thread }))
        #expect(await second.run { Thread.current.name } == "moca.other")
    }

    @Test func workRunsInTheOrderInWhichItIsAskedFor() async {
        let actor = ModelActor()
        let order = Mutex<[Int]>([])
        for number in 0..<100 {
            await actor.run { order.withLock { $0.append(number) } }
        }
        #expect(order.withLock { $0 } == Array(0..<100))
    }

    /// Gradient mode and failure scopes are the thread's, and end with the closure.
    @Test func scopesOfOneClosureDoNotReachTheNext() async throws {
        let actor = ModelActor()
        await #expect(throws: TorchError.self) {
            try await actor.run {
                try catchingTorchErrors {
                    withoutGradient {
                        _ = Tensor([1] as [Float], shape: [1]).matmul(
                            Tensor([1, 2] as [Float], shape: [2]))
                    }
                }
            }
        }
        let isRecorded = await actor.run {
            let x = Tensor([1, 2] as [Float])
            x.setRequiresGradient(true)
            return x.sum().requiresGradient
        }
        #expect(isRecorded)
    }

    @Test func aCancelledCallerDoesNotHinderOthers() async throws {
        let actor = ModelActor()
        let tasks = (0..<20).map { number in
            Task { await actor.run { number } }
        }
        for task in tasks { task.cancel() }
        for (number, task) in tasks.enumerated() { #expect(await task.value == number) }
        #expect(await actor.run { 5 } == 5)
    }

    @Test func theThreadEndsWithTheActor() async throws {
        func isThere() throws -> Bool {
            try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").contains { id in
                // A thread may end between the two calls.
                let name = FileManager.default.contents(atPath: "/proc/self/task/\(id)/comm")
                return name.map { String(decoding: $0, as: UTF8.self) } == "moca.ending\n"
            }
        }
        var actor: ModelActor? = ModelActor(name: "moca.ending")
        #expect(await actor?.run { 5 } == 5)
        #expect(try isThere())
        actor = nil
        for _ in 0..<500 where try isThere() { try await Task.sleep(for: .milliseconds(10)) }
        #expect(try !isThere())
    }

    /// A long computation lets another one use its thread, and gets its result.
    @Test func aComputationIsServedWhileAnotherHoldsTheActor() async throws {
        let actor = ModelActor()
        let threads = try await actor.run {
            let served = try actor.assumeIsolated { actor in
                try actor.serving {
                    var threads: Set<UInt> = []
                    for _ in 0..<20 {
                        threads.insert(await actor.run { Self.thread })
                        try await Task.sleep(for: .milliseconds(1))
                    }
                    return threads
                }
            }
            return (served, Self.thread)
        }
        #expect(threads.0 == [threads.1])
        struct Failure: Error {}
        await #expect(throws: Failure.self) {
            try await actor.run {
                try actor.assumeIsolated { try $0.serving { throw Failure() } }
            }
        }
        #expect(await actor.run { Self.thread } == threads.1)
    }
}
