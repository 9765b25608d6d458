// One thread of its own for a model: libtorch keeps a team of worker threads for each calling
// thread, and its gradient mode belongs to a thread.

import Foundation
import Synchronization

/// Runs closures one after the other, always on the same thread.
package final class ModelThread: Sendable {
    private let queue = Queue()

    package init(name: String = "moca.model") {
        let queue = queue
        let thread = Thread {
            while let work = queue.next() { work() }
        }
        thread.name = name
        // Deep graphs recurse when they are freed.
        thread.stackSize = 64 << 20
        thread.start()
    }

    deinit {
        queue.close()
    }

    /// The result of `body`, run on the thread.
    package func run<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.append { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    /// Closures waiting for the thread.
    private final class Queue: Sendable {
        private struct State {
            var waiting: [@Sendable () -> Void] = []
            var isClosed = false
        }

        private let state = Mutex(State())
        private let signal = DispatchSemaphore(value: 0)

        func append(_ work: @escaping @Sendable () -> Void) {
            state.withLock { $0.waiting.append(work) }
            signal.signal()
        }

        func close() {
            state.withLock { $0.isClosed = true }
            signal.signal()
        }

        /// Waits for the next closure; nil when the queue is closed and empty.
        func next() -> (@Sendable () -> Void)? {
            while true {
                signal.wait()
                let (work, isClosed) = state.withLock { state in
                    (state.waiting.isEmpty ? nil : state.waiting.removeFirst(), state.isClosed)
                }
                if work != nil || isClosed { return work }
            }
        }
    }
}
