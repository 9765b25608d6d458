// The same work on many things, on a number of threads.

import Dispatch
import Synchronization

/// The results of `body` for `0..<count`, in order, computed on at most `threads` threads.
package func concurrently<Result: Sendable>(
    _ count: Int, threads: Int, _ body: @Sendable (Int) -> Result
) -> [Result] {
    guard count > 1, threads > 1 else { return (0..<count).map(body) }
    let results = Mutex([Result?](repeating: nil, count: count))
    let next = Atomic(0)
    DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
        while true {
            let index = next.add(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            let result = body(index)
            results.withLock { $0[index] = result }
        }
    }
    return results.withLock { $0 }.map { result in
        guard let result else { preconditionFailure("a part of the work was left out") }
        return result
    }
}
