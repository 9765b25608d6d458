// Prepares the next steps on a separate thread while the model computes.

import MoCaSystem

/// Prefetches at most `ahead` steps of a source, and `count` steps in total, in the source's order.
final class Prefetcher<Source: StepBatches>: Sendable {
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
            // A step is prepared only when the queue has room for it.
            while left > 0, queue.waitForRoom() {
                left -= 1
                let step = Result { try source.next() }
                queue.append(step)
                if case .failure = step { break }
            }
            queue.close()
        }
    }

    /// Waits for the thread, which must neither use nor release data while the program exits. The
    /// wait is limited, because the source's storage may hang and a signal must still end the run.
    deinit {
        queue.cancel()
        thread.join(atMost: .seconds(2))
    }

    /// Returns the next step; nil when `shouldStop` returns true before a step is ready, or when
    /// the source has ended.
    ///
    /// - Throws: The source's error.
    func next(
        unless shouldStop: () -> Bool = { false }
    ) throws -> PreparedStep<Source.Batch>? {
        try queue.next(unless: shouldStop)?.get()
    }
}
