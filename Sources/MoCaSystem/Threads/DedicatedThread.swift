// A thread for one task that may block, with a result to wait for.

import Foundation
import Synchronization

/// A thread that runs one closure and keeps its result.
///
/// Swift's own pool has as many threads as the machine has processors, and none of them may block.
/// Work that waits for files, servers or other threads runs here instead. The closure, with its
/// captures, is released before the thread counts as finished.
///
/// ```swift
/// let thread = DedicatedThread(name: "moca.checkpoint") { try write(checkpoint) }
/// try thread.value()
/// ```
package final class DedicatedThread<Value: Sendable>: Sendable {
    private let outcome = Monitor<Result<Value, any Error>?>(nil)

    /// Starts the thread.
    ///
    /// - Parameters:
    ///   - name: the thread's name in debuggers and in `top`.
    ///   - stackSize: the size of its stack in bytes; nil uses the system's default.
    package init(
        name: String, stackSize: Int? = nil, _ body: @escaping @Sendable () throws -> Value
    ) {
        let (work, outcome) = (Work(body), outcome)
        // On Linux only a thread itself can set its name, and Foundation does nothing before `start` has
        // returned.
        let started = Monitor(false)
        let thread = Thread {
            _ = started.wait { $0 ? () : nil }
            Thread.current.name = name
            let result = work.run()
            outcome.withLock { $0 = result }
        }
        if let stackSize { thread.stackSize = stackSize }
        thread.start()
        started.withLock { $0 = true }
    }

    /// Whether the closure has returned or thrown.
    package var isFinished: Bool { outcome.withLock { $0 != nil } }

    /// Waits for the result of the closure.
    ///
    /// - Throws: the error of the closure.
    package func value() throws -> Value {
        guard let outcome = outcome.wait(for: { $0 }) else {
            preconditionFailure("a wait without a limit ends with a result")
        }
        return try outcome.get()
    }

    /// Waits until the thread has finished.
    ///
    /// - Parameter limit: the longest time to wait; nil waits without limit.
    /// - Returns: whether the thread has finished.
    @discardableResult
    package func join(atMost limit: Duration? = nil) -> Bool {
        outcome.wait(atMost: limit.map { $0 / .seconds(1) }) { $0 } != nil
    }

    /// Holds the closure until it runs: the block of a `Thread` outlives the thread's end, and must
    /// not retain the closure's captures.
    private final class Work: Sendable {
        private let body: Mutex<(@Sendable () throws -> Value)?>

        init(_ body: @escaping @Sendable () throws -> Value) {
            self.body = Mutex(body)
        }

        func run() -> Result<Value, any Error> {
            let body = body.withLock { body in
                defer { body = nil }
                return body
            }
            guard let body else { preconditionFailure("a thread runs its closure once") }
            return Result { try body() }
        }
    }
}
