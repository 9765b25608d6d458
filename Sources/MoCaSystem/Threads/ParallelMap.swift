// A map over many values on several threads, with results in order.

import Dispatch
import Foundation
import Synchronization

/// The default number of threads: one per processor.
package let processorCount = ProcessInfo.processInfo.activeProcessorCount

/// Computes `body` for every index below `count` on several threads.
///
/// Indices are started in order. After a call throws, no later index is started, so that the error
/// is always that of the lowest index that fails.
///
/// - Parameter threads: the most calls that run at once; limited to the number of processors.
/// - Returns: the results in the order of their indices.
/// - Throws: the error of the lowest index that fails.
package func parallelMap<Value: Sendable, Failure: Error>(
    _ count: Int, threads: Int = processorCount,
    _ body: @Sendable (Int) throws(Failure) -> Value
) throws(Failure) -> [Value] {
    guard count > 1, threads > 1 else { return try (0..<count).map(body) }
    let work = Mutex(ParallelWork<Value, Failure>(count: count))
    DispatchQueue.concurrentPerform(iterations: min(threads, count)) { _ in
        while let index = work.withLock({ $0.next() }) {
            do throws(Failure) {
                let value = try body(index)
                work.withLock { $0.values[index] = value }
            } catch {
                work.withLock { $0.fail(index, error) }
            }
        }
    }
    let done = work.withLock { $0 }
    if let failure = done.failure { throw failure.error }
    return done.values.map { value in
        guard let value else { preconditionFailure("an index was left out") }
        return value
    }
}

/// Computes `body` for every element on several threads outside of Swift's own pool: the work may
/// block, and a task that waits for it holds no thread.
///
/// - Returns: the results in the order of the elements.
/// - Throws: the error of the first element that fails.
package func parallelMap<Element: Sendable, Value: Sendable, Failure: Error>(
    _ elements: [Element], threads: Int = processorCount,
    _ body: @escaping @Sendable (Element) throws(Failure) -> Value
) async throws(Failure) -> [Value] {
    guard !elements.isEmpty else { return [] }
    let result: Result<[Value], Failure> = await withCheckedContinuation { continuation in
        DispatchQueue.global().async {
            let result = Result { () throws(Failure) in
                try parallelMap(elements.count, threads: threads) { index throws(Failure) in
                    try body(elements[index])
                }
            }
            continuation.resume(returning: result)
        }
    }
    return try result.get()
}

/// Calls `body` on several threads with consecutive ranges that together cover `0..<count`.
///
/// `body` may only write to state that belongs to its range.
package func parallelForEachChunk(of count: Int, _ body: (Range<Int>) -> Void) {
    let chunks = min(count, processorCount)
    guard chunks > 1 else { return body(0..<count) }
    withoutActuallyEscaping(body) { body in
        // The closure is called concurrently on several threads, as documented above.
        nonisolated(unsafe) let body = body
        _ = parallelMap(chunks) { chunk in
            body(count * chunk / chunks..<count * (chunk + 1) / chunks)
        }
    }
}

/// The shared state of the threads of one `parallelMap`.
private struct ParallelWork<Value: Sendable, Failure: Error>: Sendable {
    var values: [Value?]
    private(set) var failure: (index: Int, error: Failure)?
    private var nextIndex = 0

    init(count: Int) {
        values = [Value?](repeating: nil, count: count)
    }

    mutating func next() -> Int? {
        guard nextIndex < values.count, failure == nil else { return nil }
        defer { nextIndex += 1 }
        return nextIndex
    }

    /// Keeps the failure of the lowest index: all lower ones were started before it.
    mutating func fail(_ index: Int, _ error: Failure) {
        if let failure, failure.index < index { return }
        failure = (index, error)
    }
}
