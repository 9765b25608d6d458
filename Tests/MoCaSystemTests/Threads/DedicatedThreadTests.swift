import Foundation
import MoCaSystem
import Testing

@Suite(.timeLimit(.minutes(1))) struct DedicatedThreadTests {
    private struct Failure: Error {}

    @Test func theResultIsWaitedFor() throws {
        let thread = DedicatedThread(name: "test") {
            usleep(10_000)
            return 5
        }
        #expect(try thread.value() == 5)
        #expect(try thread.value() == 5)
        #expect(thread.isFinished && thread.join())
        let failing = DedicatedThread<Void>(name: "test") { throw Failure() }
        #expect(throws: Failure.self) { try failing.value() }
        #expect(failing.join(atMost: .seconds(1)))
    }

    @Test func aJoinHasALimit() {
        let queue = BoundedQueue<Int>()
        let thread = DedicatedThread(name: "test") { queue.next() }
        #expect(!thread.join(atMost: .milliseconds(30)))
        #expect(!thread.isFinished)
        queue.close()
        #expect(thread.join(atMost: .seconds(30)))
    }

    @Test func nameAndStackAreThoseAskedFor() throws {
        let thread = DedicatedThread(name: "moca.test", stackSize: 64 << 20) {
            func depth(_ count: Int) -> Int {
                // A frame of about a hundred bytes at least: more than a usual stack in all.
                count == 0 ? 0 : 1 + depth(count - 1) + Int(sin(Double(count)) * 0)
            }
            return (Thread.current.name, depth(200_000))
        }
        let (name, depth) = try thread.value()
        #expect(name == "moca.test")
        #expect(depth == 200_000)
    }

    @Test func whatTheClosureHoldsIsReleasedBeforeTheEnd() {
        final class Held: Sendable {}
        weak var held: Held?
        func start() -> DedicatedThread<Void> {
            let own = Held()
            held = own
            return DedicatedThread(name: "test") { withExtendedLifetime(own) {} }
        }
        start().join()
        #expect(held == nil)
    }
}
