// A queue between threads that makes a producer wait when it is full.

import DequeModule

/// A first-in, first-out queue between threads; both sides wait for each other.
///
/// ```swift
/// let queue = BoundedQueue<Int>(capacity: 2)
/// let producer = DedicatedThread(name: "numbers") {
///     for number in 0..<10 where !queue.append(number) { break }
///     queue.close()
/// }
/// while let number = queue.next() { print(number) }
/// ```
package final class BoundedQueue<Element: Sendable>: Sendable {
    private struct State {
        var elements = Deque<Element>()
        var isClosed = false
    }

    private let capacity: Int
    private let state = Monitor(State())

    /// Creates an empty queue that holds at most `capacity` elements.
    package init(capacity: Int = .max) {
        precondition(capacity > 0, "a queue without room never takes an element")
        self.capacity = capacity
    }

    /// Waits until the queue has room. If only one thread appends, its next `append` does not wait,
    /// so it can create the element after waiting.
    ///
    /// - Returns: false if the queue is closed.
    package func waitForRoom() -> Bool {
        state.wait { state -> Bool? in
            if state.isClosed { return false }
            return state.elements.count < self.capacity ? true : nil
        } ?? false
    }

    /// Appends an element once there is room for it.
    ///
    /// - Returns: false if the queue is closed; the element is then dropped.
    @discardableResult
    package func append(_ element: Element) -> Bool {
        state.wait { state -> Bool? in
            if state.isClosed { return false }
            guard state.elements.count < self.capacity else { return nil }
            state.elements.append(element)
            return true
        } ?? false
    }

    /// Removes and returns the oldest element, once there is one; nil if the queue is closed and
    /// empty.
    package func next() -> Element? { next(unless: { false }) }

    /// Removes and returns the oldest element, once there is one; nil if the queue is closed and
    /// empty, or when `shouldGiveUp`, which is called ten times a second, returns true.
    ///
    /// An element that is already available is returned without calling `shouldGiveUp`.
    package func next(unless shouldGiveUp: () -> Bool) -> Element? {
        while true {
            let found = state.wait(atMost: Self.secondsBetweenQuestions) { state -> Element?? in
                if let element = state.elements.popFirst() { return .some(element) }
                return state.isClosed ? .some(nil) : nil
            }
            if let found { return found }
            if shouldGiveUp() { return nil }
        }
    }

    private static var secondsBetweenQuestions: Double { 0.1 }

    /// Closes the queue: it accepts no more elements, but those in it can still be removed.
    package func close() {
        state.withLock { $0.isClosed = true }
    }

    /// Closes the queue and drops its elements: threads that wait on either side return.
    package func cancel() {
        let dropped = state.withLock { state in
            state.isClosed = true
            defer { state.elements = [] }
            return state.elements
        }
        // Elements are freed outside the lock: their deinitialisers may take long.
        withExtendedLifetime(dropped) {}
    }
}
