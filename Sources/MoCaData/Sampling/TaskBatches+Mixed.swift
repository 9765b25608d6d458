// Contrastive batches whose rows are drawn independently from any subset.

import MoCaTables

extension TaskBatches {
    /// The next `count` distinct samples, each from an independently drawn subset. Intended for a
    /// stream with a `batchSize` of 1: it counts as `count` of its batches. After an error the
    /// stream keeps its position.
    ///
    /// - Throws: `DataError.subsetTooSmall`, `.nothingUsable`, or what loading a sample throws.
    package mutating func mixed(_ count: Int) throws -> [Item] {
        try requireEpoch(of: count)
        let rowCount = streams.shapes.reduce(0) { $0 + $1.rowCount }
        var draft = cursor
        var tried: Set<SampleID> = []
        var items: [Item] = []
        while items.count < count {
            var ids: [SampleID] = []
            while ids.count < count - items.count {
                guard tried.count < rowCount else {
                    throw DataError.nothingUsable(subset: subsetNames, tried: tried.count)
                }
                let subset = draw(&draft)
                let id = streams.sample(subset, at: draft.subsets[subset].position)
                draft.subsets[subset].position += 1
                if tried.insert(id).inserted { ids.append(id) }
            }
            let found = try loaded(ids, drawnCount: draft.drawnCount, load)
            items += found.compactMap { $0 }
        }
        draft.batchCount += count
        cursor = draft
        return items
    }

    /// Throws if all subsets together have fewer rows per epoch than `count`.
    ///
    /// - Throws: `DataError.subsetTooSmall`.
    package func requireEpoch(of count: Int) throws {
        let rows = cursor.subsets.reduce(0) { $0 + $1.epochRows }
        guard rows >= count else {
            throw DataError.subsetTooSmall(name: subsetNames, rows: rows, batchSize: count)
        }
    }

    private var subsetNames: String { streams.shapes.map(\.name).joined(separator: ", ") }
}
