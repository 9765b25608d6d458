// Contrastive batches: each is drawn from one subset, so that its negatives are from one task.

import MoCaSystem
package import MoCaTables

/// The treatment of rows at the end of a subset's epoch that do not fill a batch.
package enum TailPolicy: String, Sendable, Hashable, Codable, CaseIterable {
    /// The batch is completed with the first rows of the next epoch, without repeating a row.
    case wrap
    /// The rows are dropped; the next epoch has other rows at its end.
    case drop
}

/// A batch of one subset.
package struct TaskBatch<Item: Sendable>: Sendable {
    package var subset: String
    package var ids: [SampleID]
    package var items: [Item]
}

/// An endless stream of batches of equal size; the next batch depends only on the cursor.
///
///     var batches = try TaskBatches(catalog.shapes, batchSize: 64, seed: 1) { id in
///         try catalog.sample(id)
///     }
///     let batch = try batches.next()
package struct TaskBatches<Item: Sendable>: BatchStream {
    /// Loads a sample, or returns nil to exclude it; another one replaces it.
    package typealias Load = @Sendable (SampleID) throws -> Item?

    /// The position of the stream: save it, and pass it to `init` to continue.
    package internal(set) var cursor: DataCursor
    package var quarantine: Quarantine?
    package var workers = processorCount
    private let batchSize: Int
    private let tail: TailPolicy
    private let choice: SubsetChoice
    let load: Load
    var streams: SubsetStreams

    /// Starts a stream, or continues one at `cursor`.
    ///
    /// - Parameters:
    ///   - shapes: The subsets; each needs at least `batchSize` rows an epoch.
    ///   - windowBlocks: The number of row groups that are shuffled together.
    /// - Throws: `DataError.subsetTooSmall`, `.badWeights`, `.cursorMismatch`.
    package init(
        _ shapes: [SubsetShape], batchSize: Int, tail: TailPolicy = .wrap,
        mixture: Mixture = .proportional, seed: UInt64, windowBlocks: Int = 16,
        cursor: DataCursor? = nil, load: @escaping Load
    ) throws {
        precondition(batchSize > 0 && !shapes.isEmpty, "batches of nothing")
        for shape in shapes where mixture.epochRows(of: shape) < batchSize {
            throw DataError.subsetTooSmall(
                name: shape.name, rows: mixture.epochRows(of: shape), batchSize: batchSize)
        }
        let start = DataCursor(shapes, mixture: mixture, seed: seed, windowBlocks: windowBlocks)
        try cursor?.check(against: start)
        self.cursor = cursor ?? start
        self.batchSize = batchSize
        self.tail = tail
        choice = try mixture.choice(of: shapes)
        self.load = load
        streams = SubsetStreams(shapes, seed: seed, windowBlocks: windowBlocks)
    }

    /// The next batch. After an error the stream keeps its position.
    ///
    /// - Throws: `DataError.nothingUsable`, or what loading a sample throws.
    package mutating func next() throws -> TaskBatch<Item> {
        var draft = cursor
        var emptyPasses: Set<Int> = []
        while true {
            let subset = draw(&draft)
            if let batch = try fill(subset, &draft) {
                draft.batchCount += 1
                cursor = draft
                return batch
            }
            // With `drop`, one empty pass may end an epoch; two are a whole epoch without a batch.
            guard emptyPasses.insert(subset).inserted else {
                let shape = streams.shapes[subset]
                throw DataError.nothingUsable(subset: shape.name, tried: shape.rowCount)
            }
        }
    }

    func draw(_ draft: inout DataCursor) -> Int {
        choice.next(&draft) { cursor in
            cursor.rowsLeft.map { rows in
                tail == .drop ? rows / batchSize : (rows + batchSize - 1) / batchSize
            }
        }
    }

    /// Draws the next rows of a subset; nil if its epoch ends before the batch is full.
    private mutating func fill(
        _ subset: Int, _ draft: inout DataCursor
    ) throws -> TaskBatch<Item>? {
        let shape = streams.shapes[subset]
        let epochRows = draft.subsets[subset].epochRows
        let start = draft.subsets[subset].position
        let epochEnd = (start / epochRows + 1) * epochRows
        let drawnBefore = draft.drawnCount - start
        var position = start
        var batch = TaskBatch<Item>(subset: shape.name, ids: [], items: [])
        var taken: Set<Int> = []
        while batch.ids.count < batchSize {
            var ids: [SampleID] = []
            while ids.count < batchSize - batch.ids.count {
                if tail == .drop, position == epochEnd {
                    draft.subsets[subset].position = epochEnd
                    return nil
                }
                guard position - start < 2 * shape.rowCount + batchSize else {
                    throw DataError.nothingUsable(subset: shape.name, tried: position - start)
                }
                let id = streams.sample(subset, at: position)
                position += 1
                if taken.insert(id.row).inserted { ids.append(id) }
            }
            let items = try loaded(ids, drawnCount: drawnBefore + position, load)
            for (id, item) in zip(ids, items) {
                guard let item else { continue }
                batch.ids.append(id)
                batch.items.append(item)
            }
        }
        let left = epochEnd - position
        if tail == .drop, left < batchSize { position = epochEnd }
        draft.subsets[subset].position = position
        return batch
    }
}
