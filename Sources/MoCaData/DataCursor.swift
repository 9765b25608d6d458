// How far a run has come in its data: a value that a checkpoint holds.

package import MoCaCore

/// The whole state of `TaskBatches` or `TokenBatches`.
package struct DataCursor: Sendable, Hashable, Codable {
    /// How far one subset has been drawn.
    package struct SubsetPosition: Sendable, Hashable, Codable {
        package var name: String
        package var rowCount: Int
        /// Rows drawn since the start of the run, over all epochs.
        package var position: Int
        /// A hash of the blocks' sizes: the order of rows depends on them.
        package var layout: UInt64
    }

    package var seed: UInt64
    package var subsets: [SubsetPosition]
    /// Draws the subsets.
    package var random: RandomSource
    /// Batches drawn.
    package var batchCount: Int

    /// The start of a run.
    package init(_ shapes: [SubsetShape], seed: UInt64, windowBlocks: Int) {
        self.seed = seed
        random = RandomSource(seed: seed, name: "mixture")
        batchCount = 0
        subsets = shapes.map { shape in
            SubsetPosition(
                name: shape.name, rowCount: shape.rowCount, position: 0,
                layout: Self.layout(of: shape, windowBlocks: windowBlocks))
        }
    }

    private static func layout(of shape: SubsetShape, windowBlocks: Int) -> UInt64 {
        shape.blockRows.reduce(UInt64(windowBlocks)) { hash, rows in
            var source = RandomSource(seed: hash ^ UInt64(rows))
            return source.next()
        }
    }

    /// Epochs that every subset has been through.
    package var epoch: Int {
        subsets.map { $0.position / max($0.rowCount, 1) }.min() ?? 0
    }

    /// Passes of the whole data, in parts: rows drawn over rows there are.
    package var fractionalEpoch: Double {
        let rows = subsets.reduce(0) { $0 + $1.rowCount }
        let drawn = subsets.reduce(0) { $0 + $1.position }
        return rows == 0 ? 0 : Double(drawn) / Double(rows)
    }

    /// Rows that a subset has left in the epoch which the run is in.
    func rowsLeft(_ subset: Int) -> Int {
        max(0, (epoch + 1) * subsets[subset].rowCount - subsets[subset].position)
    }

    /// Complains when this cursor belongs to other data than `start`.
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
            guard old.layout == new.layout, old.position >= 0 else {
                throw mismatch("\(old.name) is split into other row groups or windows")
            }
        }
    }
}
