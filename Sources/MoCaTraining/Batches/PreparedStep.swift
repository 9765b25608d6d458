// What a step is computed from, ready for the model.

package import MoCaData
package import MoCaTables

/// The micro-batches of one step, and the state of the data after them.
///
/// Of several processes, each has its own part of the micro-batches. The step's samples are the same
/// on all of them.
package struct PreparedStep<Batch>: @unchecked Sendable {
    /// This process's part. The thread that prepared it hands it over and keeps no reference.
    package let batches: [Batch]
    /// The stream after this step.
    package let cursor: DataCursor
    /// The samples of the step, over all processes.
    package let ids: [SampleID]
    /// The tokens of this process's sequences, image tokens included.
    package let tokenCount: Int
    /// The FLOPs of this process's matrix products, as `TrainingCost` counts them.
    package let operations: Double
    /// The number of records left out since the start of the run because they failed.
    package let failureCount: Int
    /// Cost of the samples over the budget of the step (pre-training), tokens over the budget of the
    /// step's pieces (contrastive); nil where there is no budget.
    package let packingFill: Double?
    /// What was cut off this process's contents.
    package var truncation = TruncationCount()

    package init(
        batches: [Batch], cursor: DataCursor, ids: [SampleID], tokenCount: Int,
        operations: Double = 0, failureCount: Int = 0, packingFill: Double? = nil
    ) {
        (self.batches, self.cursor) = (batches, cursor)
        (self.ids, self.tokenCount, self.operations) = (ids, tokenCount, operations)
        (self.failureCount, self.packingFill) = (failureCount, packingFill)
    }

    /// The subset of all samples; nil when they are of several.
    package var subset: String? { ids.commonSubset }
}

extension [SampleID] {
    /// The subset of all samples; nil when there are none, or of several subsets.
    var commonSubset: String? {
        guard let first = first?.subset, allSatisfy({ $0.subset == first }) else { return nil }
        return first
    }
}

/// An endless stream of steps; what comes next depends on its cursor and the recipe alone.
package protocol StepSource<Batch>: Sendable {
    associatedtype Batch
    /// - Throws: what is wrong with a sample, naming it.
    mutating func next() throws -> PreparedStep<Batch>
}

/// Returns the results of `body` for `0..<count`, in order.
///
/// - Parameter owners: The samples that an index belongs to.
/// - Throws: `FailedSamples` with all that failed, in order.
func preparingAll<Value: Sendable>(
    _ count: Int, workers: Int, of owners: (Int) -> [SampleID],
    _ body: @Sendable (Int) throws -> Value
) throws -> [Value] {
    var (values, failures) = ([Value](), [(id: SampleID, error: any Error)]())
    for (index, result) in inParallel(count, workers: workers, body).enumerated() {
        switch result {
        case .success(let value): values.append(value)
        case .failure(let error): failures += owners(index).map { ($0, error) }
        }
    }
    guard failures.isEmpty else { throw FailedSamples(failures) }
    return values
}

extension BatchStream {
    /// Returns what `body` makes of this process's part of the next samples.
    ///
    /// In a run of one process, samples that fail are left out and the same place of the stream is
    /// drawn again. Several processes would then no longer draw the same samples, since each one
    /// decodes only its part: there the first failure ends the run.
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
