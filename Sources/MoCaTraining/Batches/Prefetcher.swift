// The next steps are prepared on a thread of their own while the model computes.

import Foundation
import Synchronization

/// Runs a source ahead, at most `ahead` steps and `count` in all; the order is the source's.
final class Prefetcher<Source: StepSource>: Sendable {
    private let queue: Queue

    init(_ source: Source, ahead: Int, count: Int = .max) {
        let queue = Queue(ahead: ahead)
        self.queue = queue
        let waiting = Waiting(source)
        let thread = Thread {
            Self.run(waiting, queue, count)
            queue.end()
        }
        thread.name = "moca.prefetch"
        thread.start()
    }

    /// Waits for the thread: it must not work on data, nor release them, while the program exits.
    /// Not for long: what it reads from may hang, and a signal must end the run all the same.
    deinit {
        queue.close()
    }

    /// The source, until the thread takes it; what the thread's block holds outlives its end.
    private final class Waiting: Sendable {
        private let source: Mutex<Source?>

        init(_ source: Source) {
            self.source = Mutex(source)
        }

        func take() -> Source? {
            source.withLock { source in
                defer { source = nil }
                return source
            }
        }
    }

    private static func run(_ waiting: Waiting, _ queue: Queue, _ count: Int) {
        guard var source = waiting.take() else { return }
        var left = count
        while left > 0, queue.waitForRoom() {
            left -= 1
            let result = Result { try source.next() }
            queue.append(result)
            if case .failure = result { return }
        }
    }

    /// The next step, or nil when `shouldStop` says so before there is one.
    ///
    /// - Throws: what the source threw.
    func next(
        unless shouldStop: () -> Bool = { false }
    ) throws -> PreparedStep<Source.Batch>? {
        try queue.next(unless: shouldStop)?.get()
    }

    /// Prepared steps, oldest first.
    private final class Queue: Sendable {
        typealias Element = Result<PreparedStep<Source.Batch>, any Error>

        private let elements = Mutex<[Element]>([])
        private let isClosed = Atomic(false)
        private let room: DispatchSemaphore
        private let filled = DispatchSemaphore(value: 0)
        private let ended = DispatchSemaphore(value: 0)

        init(ahead: Int) {
            room = DispatchSemaphore(value: 0)
            for _ in 0..<ahead { room.signal() }
        }

        /// False when nobody takes steps any more.
        func waitForRoom() -> Bool {
            room.wait()
            return !isClosed.load(ordering: .acquiring)
        }

        func append(_ element: Element) {
            elements.withLock { $0.append(element) }
            filled.signal()
        }

        func next(unless shouldStop: () -> Bool) -> Element? {
            while filled.wait(timeout: .now() + .milliseconds(100)) == .timedOut {
                if shouldStop() { return nil }
            }
            let element = elements.withLock { $0.removeFirst() }
            room.signal()
            return element
        }

        private static var secondsToEnd: Int { 2 }

        /// Ends the thread, and waits until it has.
        func close() {
            isClosed.store(true, ordering: .releasing)
            room.signal()
            _ = ended.wait(timeout: .now() + .seconds(Self.secondsToEnd))
        }

        /// The thread is done with its source.
        func end() { ended.signal() }
    }
}
