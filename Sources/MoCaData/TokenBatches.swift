// Pre-training batches: samples of all subsets, as many as fit a budget of tokens.

/// One batch of mixed samples.
package struct TokenBatch<Item: Sendable>: Sendable {
    package var ids: [SampleID]
    package var items: [Item]
    /// What each sample costs; the sum is within the budget.
    package var costs: [Int]
}

/// An endless stream of batches; what comes next depends on the cursor alone.
///
///     var batches = try TokenBatches(catalog.shapes, tokenBudget: 8192, seed: 1) { id in
///         let input = try processor(catalog.sample(id).content)
///         return (input, input.tokenCount)
///     }
package struct TokenBatches<Item: Sendable>: Sendable {
    /// Gives a sample and what it costs (above zero), or nil to leave it out.
    package typealias Load = @Sendable (SampleID) throws -> (item: Item, cost: Int)?

    /// Where the stream is: save it and give it back to continue.
    package private(set) var cursor: DataCursor
    private let tokenBudget: Int
    private let weights: [Double]?
    private let load: Load
    private var streams: SubsetStreams
    /// The sample that did not fit the last batch: the first of the next, loaded once.
    private var leftOver: (id: SampleID, item: Item, cost: Int)?

    /// Starts a stream, or continues one at `cursor`.
    ///
    /// - Parameter windowBlocks: Row groups of a subset that are shuffled together.
    /// - Throws: `DataError.subsetTooSmall` of an empty subset, `.badWeights`, `.cursorMismatch`.
    package init(
        _ shapes: [SubsetShape], tokenBudget: Int, mixture: Mixture = .proportional,
        seed: UInt64, windowBlocks: Int = 16, cursor: DataCursor? = nil, load: @escaping Load
    ) throws {
        precondition(tokenBudget > 0 && !shapes.isEmpty, "batches of nothing")
        for shape in shapes where shape.rowCount == 0 {
            throw DataError.subsetTooSmall(name: shape.name, rows: 0, batchSize: 1)
        }
        let start = DataCursor(shapes, seed: seed, windowBlocks: windowBlocks)
        try cursor?.check(against: start)
        self.cursor = cursor ?? start
        self.tokenBudget = tokenBudget
        weights = try mixture.resolved(shapes)
        self.load = load
        streams = SubsetStreams(shapes, seed: seed, windowBlocks: windowBlocks)
    }

    /// The next batch: samples in drawing order until one does not fit. After an error the stream
    /// stands where it stood before.
    ///
    /// - Throws: `DataError.sampleOverBudget`, `.nothingUsable`, or what loading a sample throws.
    package mutating func next() throws -> TokenBatch<Item> {
        var draft = cursor
        var batch = TokenBatch<Item>(ids: [], items: [], costs: [])
        var costSum = 0
        var leftOut = 0
        while true {
            let beforeDraw = draft
            let id = draw(&draft)
            guard let (item, cost) = try loaded(id) else {
                leftOut += 1
                guard leftOut <= streams.shapes.reduce(0, { $0 + $1.rowCount }) else {
                    throw DataError.nothingUsable(subset: id.subset, tried: leftOut)
                }
                continue
            }
            precondition(cost > 0, "sample \(id) costs \(cost)")
            guard cost <= tokenBudget else {
                throw DataError.sampleOverBudget(id, cost: cost, budget: tokenBudget)
            }
            guard costSum + cost <= tokenBudget else {
                leftOver = (id, item, cost)
                cursor = beforeDraw
                cursor.batchCount += 1
                return batch
            }
            batch.ids.append(id)
            batch.items.append(item)
            batch.costs.append(cost)
            costSum += cost
        }
    }

    private mutating func loaded(_ id: SampleID) throws -> (item: Item, cost: Int)? {
        if let kept = leftOver, kept.id == id {
            leftOver = nil
            return (kept.item, kept.cost)
        }
        return try load(id)
    }

    private mutating func draw(_ draft: inout DataCursor) -> SampleID {
        let subset: Int
        if let weights {
            subset = draft.random.index(byWeights: weights)
        } else {
            let rowsLeft = draft.subsets.indices.map { draft.rowsLeft($0) }
            subset = draft.random.index(byCounts: rowsLeft)
        }
        let id = streams.sample(subset, at: draft.subsets[subset].position)
        draft.subsets[subset].position += 1
        return id
    }
}
