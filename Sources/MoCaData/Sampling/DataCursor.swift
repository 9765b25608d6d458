// The position of a run in its data: a value that a checkpoint stores.

package import MoCaCore
import MoCaTables

/// The complete state of `TaskBatches` or `TokenBatches`.
package struct DataCursor: Sendable, Hashable, Codable {
    /// The position in one subset.
    package struct SubsetPosition: Sendable, Hashable, Codable {
        package var name: String
        package var rowCount: Int
        /// Rows in an epoch: all, or those that the mixture's cap allows.
        package var epochRows: Int
        /// Rows drawn since the start of the run, over all epochs.
        package var position: Int
        /// A hash of the blocks' sizes, because the order of rows depends on them.
        package var layout: UInt64
    }

    package var seed: UInt64
    package var subsets: [SubsetPosition]
    /// The random source that draws the subsets.
    package var random: RandomSource
    /// The index of the next subset in round-robin order.
    package var turn = 0
    /// The number of batches drawn.
    package var batchCount = 0
    /// Samples that were drawn and wait for a batch with enough room, oldest first.
    package var waiting: [WaitingSample] = []

    /// The cursor at the start of a run.
    package init(
        _ shapes: [SubsetShape], mixture: Mixture = .proportional, seed: UInt64,
        windowBlocks: Int
    ) {
        self.seed = seed
        random = RandomSource(seed: seed, name: "mixture")
        subsets = shapes.map { shape in
            SubsetPosition(
                name: shape.name, rowCount: shape.rowCount,
                epochRows: mixture.epochRows(of: shape), position: 0,
                layout: Self.layout(of: shape, windowBlocks: windowBlocks))
        }
    }

    private static func layout(of shape: SubsetShape, windowBlocks: Int) -> UInt64 {
        shape.blockRows.reduce(UInt64(shape.windowBlocks(windowBlocks))) { hash, rows in
            var source = RandomSource(seed: hash ^ UInt64(rows))
            return source.next()
        }
    }

    /// The number of epochs that every subset has completed.
    package var epoch: Int {
        subsets.map { $0.position / max($0.epochRows, 1) }.min() ?? 0
    }

    /// The number of rows drawn since the start of the run.
    package var drawnCount: Int { subsets.reduce(0) { $0 + $1.position } }

    /// The fractional number of epochs: rows drawn over rows in an epoch.
    package var fractionalEpoch: Double {
        let rows = subsets.reduce(0) { $0 + $1.epochRows }
        return rows == 0 ? 0 : Double(drawnCount) / Double(rows)
    }

    /// The rows that each subset has left in the current epoch.
    var rowsLeft: [Int] {
        let epoch = epoch
        return subsets.map { max(0, (epoch + 1) * $0.epochRows - $0.position) }
    }

    /// Throws if this cursor belongs to other data than `start`.
    ///
    /// - Throws: `DataError.cursorMismatch`.
    func check(against start: DataCursor) throws {
        func mismatch(_ reason: String) -> DataError { .cursorMismatch(reason: reason) }
        guard seed == start.seed else { throw mismatch("seed \(seed) is now \(start.seed)") }
        let names = subsets.map(\.name)
        let others = start.subsets.map(\.name)
        guard names == others else {
            throw mismatch(
                "subsets [\(names.joined(separator: ", "))] are now "
                    + "[\(others.joined(separator: ", "))]")
        }
        for (old, new) in zip(subsets, start.subsets) {
            guard old.rowCount == new.rowCount else {
                throw mismatch("\(old.name) had \(old.rowCount) rows and has \(new.rowCount)")
            }
            guard old.layout == new.layout, (0..<1 << 60).contains(old.position) else {
                throw mismatch("\(old.name) is split into other row groups or windows")
            }
            guard old.epochRows == new.epochRows else {
                throw mismatch(
                    "\(old.name) had \(old.epochRows) rows an epoch and has \(new.epochRows)")
            }
        }
        for sample in waiting where !subsets.indices.contains(sample.subset) {
            throw mismatch("a sample waits of subset \(sample.subset), which there is not")
        }
        for sample in waiting where !(0..<subsets[sample.subset].rowCount).contains(sample.row) {
            throw mismatch(
                "row \(sample.row) of \(subsets[sample.subset].name) waits, which there is not")
        }
    }
}

/// A sample with the index of its subset; in JSON the list `[subset, row, epoch]`.
package struct WaitingSample: Sendable, Hashable, Codable {
    package var subset: Int
    package var row: Int
    /// The number of completed passes of its subset when the row was drawn.
    package var epoch: Int

    package init(subset: Int, row: Int, epoch: Int = 0) {
        (self.subset, self.row, self.epoch) = (subset, row, epoch)
    }

    /// Decodes the list; one without an epoch comes from an older checkpoint, and means epoch 0.
    package init(from decoder: any Decoder) throws {
        var list = try decoder.unkeyedContainer()
        (subset, row) = (try list.decode(Int.self), try list.decode(Int.self))
        epoch = list.isAtEnd ? 0 : try list.decode(Int.self)
    }

    package func encode(to encoder: any Encoder) throws {
        var list = encoder.unkeyedContainer()
        try list.encode(subset)
        try list.encode(row)
        try list.encode(epoch)
    }
}
