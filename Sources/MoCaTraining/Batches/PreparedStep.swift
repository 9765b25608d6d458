// The prepared input of a training step.

package import MoCaData
package import MoCaProcessing
import MoCaSystem
package import MoCaTables

/// The microbatches of one step and the state of the data after them.
///
/// In a run of several processes, each process has its own slice of the microbatches, while `ids`
/// is equal on all of them.
package struct PreparedStep<Batch>: @unchecked Sendable {
    /// This process's microbatches. The thread that prepares them keeps no reference to them.
    package let batches: [Batch]
    /// The position of the data stream after this step.
    package let cursor: DataCursor
    /// The samples of the step, over all processes.
    package let ids: [SampleID]
    /// The samples of this process's microbatches, in their order.
    package var ownIDs: [SampleID]
    /// The tokens of this process's sequences, image tokens included.
    package let tokenCount: Int
    /// The FLOPs of this process's matrix products, as `TrainingCost` counts them.
    package let operations: Double
    /// The number of records left out since the start of the run because they failed.
    package let failureCount: Int
    /// The used fraction of the step's budget: cost of the samples (pre-training), or tokens of the
    /// step's chunks (contrastive); nil without a budget.
    package let packingFill: Double?
    /// The count of what truncation removed from this process's contents.
    package var truncation = Truncated()

    package init(
        batches: [Batch], cursor: DataCursor, ids: [SampleID], tokenCount: Int,
        operations: Double = 0, failureCount: Int = 0, packingFill: Double? = nil
    ) {
        (self.batches, self.cursor, ownIDs) = (batches, cursor, ids)
        (self.ids, self.tokenCount, self.operations) = (ids, tokenCount, operations)
        (self.failureCount, self.packingFill) = (failureCount, packingFill)
    }

    /// The subset of all samples; nil when they are from several subsets.
    package var subset: String? { ids.commonSubset }
}

extension [SampleID] {
    /// The subset of all samples; nil without samples or with several subsets.
    var commonSubset: String? {
        guard let first = first?.subset, allSatisfy({ $0.subset == first }) else { return nil }
        return first
    }
}

/// An endless stream of steps, which depends only on its cursor and the recipe.
package protocol StepBatches<Batch>: Sendable {
    associatedtype Batch
    /// Prepares the next step.
    ///
    /// - Throws: An error that names the sample that causes it.
    mutating func next() throws -> PreparedStep<Batch>
}

/// Returns the results of `body` for `0..<count`, in order.
///
/// - Parameter owners: Returns the samples that an index belongs to.
/// - Throws: `FailedSamples` with all failed samples, in order.
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

extension BatchStream {
    /// Returns the result of `body` for this process's slice of the next samples.
    ///
    /// In a run of one process, failed samples are left out and the same stream position is drawn
    /// again. In a run of several processes the first failure ends the run: each process decodes
    /// only its slice, so after a redraw the processes would no longer draw the same samples.
    mutating func preparing<Value>(
        share: RankSlice, _ body: (inout Self) throws -> Value
    ) throws -> Value {
        guard share.worldSize > 1 else { return try redrawing(body) }
        do {
            return try body(&self)
        } catch let failed as FailedSamples {
            throw failed.failures[0].error
        }
    }
}
