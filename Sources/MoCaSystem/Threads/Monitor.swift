// A lock whose holders can wait for the state that it guards to change.

import Foundation

/// State that one thread at a time may access, and that threads can wait for.
final class Monitor<State>: @unchecked Sendable {
    // Sendable: `state` is touched only while `condition` is locked.
    private let condition = NSCondition()
    private var state: State

    init(_ state: State) {
        self.state = state
    }

    /// Runs `body` with the state, then wakes the threads that wait for it.
    func withLock<Value>(_ body: (inout State) throws -> Value) rethrows -> Value {
        condition.lock()
        defer {
            condition.broadcast()
            condition.unlock()
        }
        return try body(&state)
    }

    /// Waits until `body` returns a value, and wakes the other waiting threads, because `body` may
    /// have changed the state.
    ///
    /// - Parameter seconds: the longest time to wait; nil waits without limit.
    /// - Returns: the value, or nil on timeout.
    func wait<Value>(atMost seconds: Double? = nil, for body: (inout State) -> Value?) -> Value? {
        let deadline = seconds.map { Date(timeIntervalSinceNow: $0) }
        condition.lock()
        defer { condition.unlock() }
        while true {
            if let value = body(&state) {
                condition.broadcast()
                return value
            }
            guard let deadline else {
                condition.wait()
                continue
            }
            guard deadline.timeIntervalSinceNow > 0 else { return nil }
            _ = condition.wait(until: deadline)
        }
    }
}
