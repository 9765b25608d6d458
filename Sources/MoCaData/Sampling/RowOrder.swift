// The order in which the rows of one subset are drawn: random, but few row groups at a time.

import MoCaCore

/// How the rows of a subset lie in blocks: row groups of its files, in order.
package struct SubsetShape: Sendable, Hashable {
    /// Name of the subset.
    package let name: String
    package let blockRows: [Int]
    /// Number of rows.
    package let rowCount: Int
    /// As many blocks as may be shuffled together; nil where any number may.
    package let windowBlocksMax: Int?
    /// The first row of each block.
    let blockStarts: [Int]

    /// A subset of blocks of these sizes.
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

    /// The blocks that are shuffled together where `wanted` are asked for.
    func windowBlocks(_ wanted: Int) -> Int { min(wanted, windowBlocksMax ?? wanted) }

    /// The block of a row, and the row in it.
    func block(ofRow row: Int) -> (block: Int, row: Int) {
        let block = partitionPoint(blockStarts.count) { blockStarts[$0] > row } - 1
        return (block, row - blockStarts[block])
    }
}

/// One epoch's order of a subset. Blocks are shuffled and taken in windows; inside a window all
/// rows are shuffled. So a cache that holds a window decodes every block once an epoch, and a
/// subset of no more blocks than a window is shuffled as a whole.
package struct RowOrder: Sendable {
    private let shape: SubsetShape
    private let blocks: [Int]
    /// The first position of each window, and the end.
    private let windowStarts: [Int]
    private let windowBlocks: Int
    private let seed: UInt64
    private let epoch: Int

    /// The order of one epoch; windows have fewer blocks than `windowBlocks` where the subset's are
    /// large.
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
