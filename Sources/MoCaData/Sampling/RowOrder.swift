// The order in which the rows of one subset are drawn: random, but few row groups at a time.

import MoCaCore

/// The division of a subset's rows into blocks: the row groups of its files, in order.
package struct SubsetShape: Sendable, Hashable {
    /// Name of the subset.
    package let name: String
    package let blockRows: [Int]
    /// Number of rows.
    package let rowCount: Int
    /// The most blocks that may be shuffled together; nil for no limit.
    package let windowBlocksMax: Int?
    /// The first row of each block.
    let blockStarts: [Int]

    /// Makes a subset of blocks of these sizes.
    package init(name: String, blockRows: [Int], windowBlocksMax: Int? = nil) {
        self.name = name
        self.blockRows = blockRows
        self.windowBlocksMax = windowBlocksMax
        var starts: [Int] = []
        var start = 0
        for rows in blockRows {
            starts.append(start)
            start += rows
        }
        blockStarts = starts
        rowCount = start
    }

    /// The number of blocks that are shuffled together if `wanted` are requested.
    func windowBlocks(_ wanted: Int) -> Int { min(wanted, windowBlocksMax ?? wanted) }

    /// The block of a row, and the row's index in it.
    func block(ofRow row: Int) -> (block: Int, row: Int) {
        let block = partitionPoint(blockStarts.count) { blockStarts[$0] > row } - 1
        return (block, row - blockStarts[block])
    }
}

/// The order of a subset in one epoch. Blocks are shuffled and grouped into windows; inside a
/// window all rows are shuffled. A cache that holds a window therefore decodes every block once per
/// epoch, and a subset with no more blocks than a window is shuffled as a whole.
package struct RowOrder: Sendable {
    private let shape: SubsetShape
    private let blocks: [Int]
    /// The first position of each window, and the end.
    private let windowStarts: [Int]
    private let windowBlocks: Int
    private let seed: UInt64
    private let epoch: Int

    /// Makes the order of one epoch; windows have fewer blocks than `windowBlocks` if the subset's
    /// blocks are large.
    package init(_ shape: SubsetShape, windowBlocks: Int, seed: UInt64, epoch: Int) {
        let windowBlocks = shape.windowBlocks(windowBlocks)
        precondition(windowBlocks > 0, "a window of \(windowBlocks) blocks")
        self.shape = shape
        self.windowBlocks = windowBlocks
        self.seed = seed
        self.epoch = epoch
        let count = shape.blockRows.count
        let order = ShuffleOrder(
            count: count, seed: seed, epoch: epoch, name: "\(shape.name)/blocks")
        let blocks = (0..<count).map { order[$0] }
        self.blocks = blocks
        var starts = [0]
        for first in stride(from: 0, to: count, by: windowBlocks) {
            let window = blocks[first..<min(first + windowBlocks, count)]
            starts.append(starts[starts.count - 1] + window.reduce(0) { $0 + shape.blockRows[$1] })
        }
        windowStarts = starts
    }

    /// The row at a position.
    package subscript(position: Int) -> Int {
        precondition(position >= 0 && position < shape.rowCount, "position \(position)")
        let window = partitionPoint(windowStarts.count) { windowStarts[$0] > position } - 1
        let start = windowStarts[window]
        let order = ShuffleOrder(
            count: windowStarts[window + 1] - start, seed: seed, epoch: epoch,
            name: "\(shape.name)/\(window)")
        var rest = order[position - start]
        let first = window * windowBlocks
        for block in blocks[first..<min(first + windowBlocks, blocks.count)] {
            if rest < shape.blockRows[block] { return shape.blockStarts[block] + rest }
            rest -= shape.blockRows[block]
        }
        preconditionFailure("a window with fewer rows than counted")
    }
}
