// The next steps are prepared on a thread of their own while the model computes.

import MoCaSystem

/// Runs a source ahead, at most `ahead` steps and `count` in all; the order is the source's.
final class Prefetcher<Source: StepSource>: Sendable {
    private typealias Step = Result<PreparedStep<Source.Batch>, any Error>

    private let queue: BoundedQueue<Step>
    private let thread: DedicatedThread<Void>

    /// Starts preparing steps.
    init(_ source: Source, ahead: Int, count: Int = .max) {
        let queue = BoundedQueue<Step>(capacity: ahead)
        self.queue = queue
        thread = DedicatedThread(name: "moca.prefetch") {
            var source = source
            var left = count
            // A step is prepared only once there is room for it.
            while left > 0, queue.waitForRoom() {
                left -= 1
                let step = Result { try source.next() }
                queue.append(step)
                if case .failure = step { break }
            }
            queue.close()
        }
    }

    /// Waits for the thread: it must not work on data, nor release them, while the program exits.
    /// The wait is short, because what the source reads from may hang, and a signal must end the
    /// run all the same.
    deinit {
        queue.cancel()
        thread.join(atMost: .seconds(2))
    }

    /// The next step; nil when `shouldStop` returns true before there is one, or when the source
    /// has ended.
    ///
    /// - Throws: what the source threw.
    func next(
        unless shouldStop: () -> Bool = { false }
    ) throws -> PreparedStep<Source.Batch>? {
        try queue.next(unless: shouldStop)?.get()
    }
}
