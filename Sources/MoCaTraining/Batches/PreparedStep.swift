// What a step is computed from, ready for the model.

package import MoCaData
import MoCaSystem
package import MoCaTables

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
    /// Operations of the step's matrix products, as `TrainingCost` counts them.
    package let operations: Double
    /// Records that were left out because they failed, since the start of the run.
    package let failureCount: Int
    /// Cost of the samples over the budget of the step (pre-training), tokens over the budget of the
    /// step's pieces (contrastive); nil where there is no budget.
    package let packingFill: Double?
    /// What was cut off.
    package var truncation = TruncationCount()

    package init(
        batches: [Batch], cursor: DataCursor, ids: [SampleID], tokenCount: Int,
        operations: Double = 0, failureCount: Int = 0, packingFill: Double? = nil
    ) {
        (self.batches, self.cursor) = (batches, cursor)
        (self.ids, self.tokenCount, self.operations) = (ids, tokenCount, operations)
        (self.failureCount, self.packingFill) = (failureCount, packingFill)
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

/// The results of `body` for `0..<count`, in order.
///
/// - Throws: `FailedSamples` with what failed, in order; `owners` are the samples of an index.
func preparingAll<Value: Sendable>(
    _ count: Int, workers: Int, of owners: (Int) -> [SampleID],
    _ body: @Sendable (Int) throws -> Value
) throws -> [Value] {
    var (values, failures) = ([Value](), [(id: SampleID, error: any Error)]())
    let results = parallelMap(count, threads: workers) { index in Result { try body(index) } }
    for (index, result) in results.enumerated() {
        switch result {
        case .success(let value): values.append(value)
        case .failure(let error): failures += owners(index).map { ($0, error) }
        }
    }
    guard failures.isEmpty else { throw FailedSamples(failures) }
    return values
}
