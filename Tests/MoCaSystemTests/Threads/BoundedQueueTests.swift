import Foundation
import MoCaSystem
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct BoundedQueueTests {
    @Test func elementsComeInOrderAndTheProducerWaits() throws {
        let queue = BoundedQueue<Int>(capacity: 2)
        let appended = Mutex(0)
        let producer = DedicatedThread(name: "producer") {
            for number in 0..<100 {
                queue.append(number)
                appended.withLock { $0 = number + 1 }
            }
            queue.close()
        }
        var found: [Int] = []
        while let number = queue.next() {
            found.append(number)
            // What was taken, what is in the queue, and the one that waits.
            #expect(appended.withLock { $0 } <= found.count + 3)
        }
        #expect(found == Array(0..<100))
        #expect(producer.join())
        #expect(queue.next() == nil)
    }

    @Test func aClosedQueueGivesWhatItHoldsAndTakesNothing() {
        let queue = BoundedQueue<Int>(capacity: 4)
        queue.append(1)
        queue.close()
        #expect(!queue.append(2) && !queue.waitForRoom())
        #expect(queue.next() == 1)
        #expect(queue.next() == nil)
    }

    @Test func cancellationWakesBothSides() throws {
        let full = BoundedQueue<Int>(capacity: 1)
        full.append(1)
        let producer = DedicatedThread(name: "producer") { full.append(2) }
        let empty = BoundedQueue<Int>(capacity: 1)
        let consumer = DedicatedThread(name: "consumer") { empty.next() }
        usleep(20_000)
        #expect(!producer.isFinished && !consumer.isFinished)
        full.cancel()
        empty.cancel()
        #expect(try producer.value() == false)
        #expect(try consumer.value() == nil)
        #expect(full.next() == nil)
    }

    @Test func aWaitIsGivenUpWhenAsked() {
        let queue = BoundedQueue<Int>()
        var asked = 0
        let found = queue.next(unless: {
            asked += 1
            return asked == 2
        })
        #expect(found == nil && asked == 2)
        queue.append(5)
        #expect(queue.next(unless: { true }) == 5)
    }

    @Test func droppedElementsAreReleased() {
        final class Held: Sendable {}
        weak var held: Held?
        let queue = BoundedQueue<Held>()
        do {
            let own = Held()
            held = own
            queue.append(own)
        }
        #expect(held != nil)
        queue.cancel()
        #expect(held == nil)
    }
}
