// What a step is computed from, ready for the model.

import Dispatch
package import MoCaData
import Synchronization

/// The micro-batches of one step, and where the data stands after them.
package struct PreparedStep<Batch>: @unchecked Sendable {
    /// Handed over from the thread that prepared them; nobody else has them.
    package let batches: [Batch]
    /// The stream after this step.
    package let cursor: DataCursor
    /// The samples in the batches.
    package let ids: [SampleID]
    /// Tokens of all sequences, image tokens included.
    package let tokenCount: Int

    package init(batches: [Batch], cursor: DataCursor, ids: [SampleID], tokenCount: Int) {
        (self.batches, self.cursor) = (batches, cursor)
        (self.ids, self.tokenCount) = (ids, tokenCount)
    }

    /// The subset that all samples are of; nil when they are of several.
    package var subset: String? {
        guard let first = ids.first?.subset, ids.allSatisfy({ $0.subset == first }) else {
            return nil
        }
        return first
    }
}

/// An endless stream of steps; what comes next depends on its cursor and the recipe alone.
package protocol StepSource<Batch>: Sendable {
    associatedtype Batch
    /// - Throws: what is wrong with a sample, naming it.
    mutating func next() throws -> PreparedStep<Batch>
}

/// The results of `body` for `0..<count`, computed on all cores.
func inParallel<Result: Sendable>(
    _ count: Int, _ body: @Sendable (Int) throws -> Result
) throws -> [Result] {
    let results = Mutex([Swift.Result<Result, any Error>?](repeating: nil, count: count))
    DispatchQueue.concurrentPerform(iterations: count) { index in
        let result = Swift.Result { try body(index) }
        results.withLock { $0[index] = result }
    }
    // The first failure in order is thrown, whichever came first in time.
    return try results.withLock { $0 }.compactMap { try $0?.get() }
}
