// Pre-training batches: samples of all subsets, as many as fit a token budget.

import MoCaSystem
package import MoCaTables

/// A batch of mixed samples.
package struct TokenBatch<Item: Sendable>: Sendable {
    package var ids: [SampleID]
    package var items: [Item]
    /// The cost of each sample; the sum is within the budget.
    package var costs: [Int]
    /// The number of times that each sample was drawn before.
    package var epochs: [Int]
}

/// The rule that groups drawn samples into batches.
package enum Packing: Sendable, Hashable {
    /// First fit: of the next `window` samples, in the order of drawing, those that fit the budget.
    case firstFit(window: Int)
    /// Samples of one cost bin of the released code, as many as its batches have.
    case costBins

    /// Large enough to fill batches of real data to 99.9 %, and quick to restore.
    package static let defaultWindow = 128
}

/// An endless stream of batches; the next batch depends only on the cursor.
///
///     var batches = try TokenBatches(catalog.shapes, tokenBudget: 8192, seed: 1) { id in
///         let input = try processor(catalog.sample(id).content)
///         return (input, input.tokenCount)
///     }
///
/// Every drawn sample occurs once, the oldest waiting one in the next batch; no batch contains a
/// sample twice. At the end of an epoch, samples of the next may occur early, by up to the window.
package struct TokenBatches<Item: Sendable>: BatchStream {
    /// Loads a sample and its cost (positive), or returns nil to exclude it.
    package typealias Load = @Sendable (SampleID) throws -> (item: Item, cost: Int)?

    /// The position of the stream: save it, and pass it to `init` to continue.
    package private(set) var cursor: DataCursor
    package var quarantine: Quarantine?
    package var workers = processorCount
    private let tokenBudget: Int
    private let packing: Packing
    private let bins: CostBins
    private let choice: SubsetChoice
    private let load: Load
    private var streams: SubsetStreams
    /// The samples of `cursor.waiting`; nil until they are loaded.
    private var window: [Entry]?

    private struct Entry: Sendable {
        var place: WaitingSample
        var id: SampleID
        var item: Item
        var cost: Int
    }

    /// An unfinished batch; it changes the stream only when it is complete.
    private struct Draft {
        var cursor: DataCursor
        var window: [Entry]
    }

    /// Starts a stream, or continues one at `cursor`.
    ///
    /// - Parameter windowBlocks: The number of row groups of a subset that are shuffled together.
    /// - Throws: `DataError.subsetTooSmall` for an empty subset, `.badWeights`, `.cursorMismatch`.
    package init(
        _ shapes: [SubsetShape], tokenBudget: Int,
        packing: Packing = .firstFit(window: Packing.defaultWindow),
        mixture: Mixture = .proportional, seed: UInt64, windowBlocks: Int = 16,
        cursor: DataCursor? = nil, load: @escaping Load
    ) throws {
        precondition(tokenBudget > 0 && !shapes.isEmpty, "batches of nothing")
        for shape in shapes where shape.rowCount == 0 {
            throw DataError.subsetTooSmall(name: shape.name, rows: 0, batchSize: 1)
        }
        let start = DataCursor(shapes, mixture: mixture, seed: seed, windowBlocks: windowBlocks)
        try cursor?.check(against: start)
        self.cursor = cursor ?? start
        self.tokenBudget = tokenBudget
        self.packing = packing
        bins = CostBins(budget: tokenBudget)
        choice = try mixture.choice(of: shapes)
        self.load = load
        streams = SubsetStreams(shapes, seed: seed, windowBlocks: windowBlocks)
    }

    /// The next batch. After an error the stream keeps its position.
    ///
    /// - Throws: `DataError.sampleOverBudget`, `.nothingUsable`, or what loading a sample throws.
    package mutating func next() throws -> TokenBatch<Item> {
        var draft = Draft(cursor: cursor, window: try waiting())
        let taken =
            switch packing {
            case .firstFit(let size): try firstFit(&draft, size)
            case .costBins: try fullBin(&draft)
            }
        draft.cursor.batchCount += 1
        draft.cursor.waiting = draft.window.map(\.place)
        (cursor, window) = (draft.cursor, draft.window)
        return TokenBatch(
            ids: taken.map(\.id), items: taken.map(\.item), costs: taken.map(\.cost),
            epochs: taken.map(\.place.epoch))
    }

    // MARK: Packing

    /// Takes samples that fit until none of a whole window does.
    private mutating func firstFit(_ draft: inout Draft, _ size: Int) throws -> [Entry] {
        let rows = draft.cursor.subsets.reduce(0) { $0 + $1.epochRows }
        let size = max(1, min(size, rows))
        var taken: [Entry] = []
        var ids: Set<SampleID> = []
        var rest = tokenBudget
        var isGrowing = true
        while isGrowing {
            while draft.window.count < size {
                try draw(size - draft.window.count, &draft)
            }
            isGrowing = false
            var kept: [Entry] = []
            for entry in draft.window {
                if entry.cost <= rest, ids.insert(entry.id).inserted {
                    rest -= entry.cost
                    taken.append(entry)
                    isGrowing = true
                } else {
                    kept.append(entry)
                }
            }
            draft.window = kept
        }
        return taken
    }

    /// Draws until a bin has a full batch. A sample that is drawn again while it waits shows that
    /// its bin has no others: the waiting samples of the bin are then the batch.
    private mutating func fullBin(_ draft: inout Draft) throws -> [Entry] {
        var places = [[Int]](repeating: [], count: bins.thresholds.count)
        var ids: Set<SampleID> = []
        var place = 0
        while true {
            if place == draft.window.count { try draw(Packing.defaultWindow, &draft) }
            guard place < draft.window.count else { continue }
            let entry = draft.window[place]
            let bin = bins.bin(ofCost: entry.cost)
            let isRepeated = !ids.insert(entry.id).inserted
            if !isRepeated { places[bin].append(place) }
            if isRepeated || places[bin].count == bins.batchSize(ofBin: bin) {
                let batch = places[bin].map { draft.window[$0] }
                for place in places[bin].reversed() { draft.window.remove(at: place) }
                return batch
            }
            place += 1
        }
    }

    // MARK: Drawing

    /// The waiting samples, loaded already or from the cursor, without those that were excluded in
    /// the meantime.
    private func waiting() throws -> [Entry] {
        if let window { return window.filter { quarantine?.admits($0.id) ?? true } }
        return try entries(cursor.waiting, cursor).compactMap { $0 }
    }

    /// Draws `count` samples; excluded ones are missing.
    private mutating func draw(_ count: Int, _ draft: inout Draft) throws {
        let rowCount = streams.shapes.reduce(0) { $0 + $1.rowCount }
        var leftOut = 0
        while true {
            let places = (0..<count).map { _ in drawPlace(&draft.cursor) }
            for (place, entry) in zip(places, try entries(places, draft.cursor)) {
                if let entry {
                    draft.window.append(entry)
                    leftOut = 0
                } else {
                    leftOut += 1
                }
                guard leftOut <= rowCount else {
                    throw DataError.nothingUsable(
                        subset: streams.shapes[place.subset].name, tried: leftOut)
                }
            }
            if leftOut < count { return }
        }
    }

    private mutating func drawPlace(_ cursor: inout DataCursor) -> WaitingSample {
        let subset = choice.next(&cursor, left: \.rowsLeft)
        let position = cursor.subsets[subset].position
        let row = streams.row(subset, at: position)
        cursor.subsets[subset].position += 1
        return WaitingSample(
            subset: subset, row: row, epoch: position / streams.shapes[subset].rowCount)
    }

    /// Loads the samples; nil for excluded ones.
    private func entries(_ places: [WaitingSample], _ cursor: DataCursor) throws -> [Entry?] {
        let ids = places.map { SampleID(subset: streams.shapes[$0.subset].name, row: $0.row) }
        let loaded = try loaded(ids, drawnCount: cursor.drawnCount, load)
        return try places.indices.map { index in
            guard let (item, cost) = loaded[index] else { return nil }
            precondition(cost > 0, "sample \(ids[index]) costs \(cost)")
            guard cost <= tokenBudget else {
                throw DataError.sampleOverBudget(ids[index], cost: cost, budget: tokenBudget)
            }
            return Entry(place: places[index], id: ids[index], item: item, cost: cost)
        }
    }
}
