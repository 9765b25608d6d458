// Turns pre-training samples into corrupted, packed batches.

import MoCaCore
import MoCaData
import MoCaImage
import MoCaModel
import MoCaObjectives
import MoCaProcessing
import MoCaSystem
import MoCaTables
import MoCaTokenizer

/// The steps of continual pre-training.
struct ReconstructionBatches: StepBatches {
    private var stream: TokenBatches<InputOutline>
    private let accumulation: Int
    /// The maximum cost of one microbatch.
    private let tokenBudget: Int
    private let seed: UInt64
    private let masking: Masking
    private let totalSteps: Int
    private let subsetNames: [String]
    private let subsetNumbers: [String: Int]
    private let configuration: any BackboneConfiguration
    private let cost: TrainingCost
    private let collator: Collator
    private let cache: PatchCache
    private let quarantine: Quarantine
    private let workers: Int
    private let share: RankSlice
    /// The number of steps drawn since the start of the run.
    private var step: Int

    /// Opens the recipe's data.
    ///
    /// - Parameters:
    ///   - cursor: The data position of an earlier run.
    ///   - log: Receives the records that fail.
    ///   - share: The slice of each batch that is decoded and packed.
    /// - Throws: `DataError`.
    init(
        _ recipe: Recipe, _ settings: Recipe.Reconstruction, _ start: TrainingSetup,
        cursor: DataCursor?, quarantine log: QuarantineLog? = nil, share: RankSlice = .whole
    ) throws {
        self.share = share
        let catalog = try Catalog<PretrainSample>(
            folders: recipe.data.subsetFolders(), images: ImageStore(root: recipe.data.images))
        let tokenizer = start.files.tokenizer
        guard let maskToken = tokenizer.maskTokenID else {
            preconditionFailure("a model for pre-training has a mask token")
        }
        masking = Masking(
            settings.masking, maskToken: maskToken,
            specialTokens: tokenizer.visionTokenIDs.union(tokenizer.specialTokenIDs))
        let processor = start.processor
        let (batch, maxLength) = (recipe.batch, recipe.data.maxLength)
        stream = try TokenBatches(
            catalog.shapes, tokenBudget: batch.partSize, packing: batch.packing,
            mixture: recipe.data.mixture, seed: recipe.seed, cursor: cursor
        ) { id in
            let outline = try naming(id) { try processor.outline(catalog.sample(id).content) }
            return (outline, batch.packedCost(of: outline, maxLength: maxLength))
        }
        quarantine = try recipe.data.quarantine(over: catalog, log)
        workers = recipe.runtime.dataWorkers ?? processorCount
        (stream.quarantine, stream.workers) = (quarantine, workers)
        (accumulation, tokenBudget) = (batch.accumulation, batch.partSize)
        totalSteps = recipe.schedule.totalSteps
        subsetNames = catalog.shapes.map(\.name)
        subsetNumbers = Dictionary(
            uniqueKeysWithValues: subsetNames.enumerated().map { ($1, $0) })
        (seed, configuration) = (recipe.seed, start.model.configuration)
        cost = TrainingCost(start.model)
        collator = Collator(configuration, processor.images.configuration)
        cache = PatchCache(
            processor.images, rule: .onePass, byteCountMax: recipe.runtime.imageCacheBytes)
        step = (cursor?.batchCount ?? 0) / batch.accumulation
    }

    mutating func next() throws -> PreparedStep<ReconstructionBatch> {
        var (batches, ids, tokenCount, operations) = ([ReconstructionBatch](), [SampleID](), 0, 0.0)
        var (spent, truncation) = (0, Truncated())
        quarantine.beginStep()
        let shares = share.worldSize > 1 ? try sharesOfStep() : []
        for part in 0..<accumulation {
            let (drawn, own, patches) = try stream.preparing(share: share) { [self] stream in
                let (drawn, own) = try shares.isEmpty ? whole(of: &stream) : shares[part]
                return (drawn, own, try self.patches(own))
            }
            let packed = try pack(own, patches)
            batches.append(packed)
            ids += drawn.ids
            spent += drawn.costs.reduce(0, +)
            truncation += Truncated(own.items)
            tokenCount += packed.input.tokenCount
            operations += cost.ofInput(packed.input)
            operations += cost.ofHeads(
                packed.input, maskedTokens: packed.maskedTokens.count,
                maskedImageTokens: packed.maskedImageTokens.count)
        }
        step += 1
        var prepared = PreparedStep(
            batches: batches, cursor: stream.cursor, ids: ids, tokenCount: tokenCount,
            operations: operations, failureCount: quarantine.failureCount,
            packingFill: Double(spent) / Double(accumulation * tokenBudget))
        prepared.truncation = truncation
        return prepared
    }

    /// A microbatch of all processes, and this process's slice of it.
    private typealias Share = (
        drawn: TokenBatch<InputOutline>, own: TokenBatch<InputOutline>
    )

    private func whole(of stream: inout TokenBatches<InputOutline>) throws -> Share {
        let drawn = try stream.next()
        return (drawn, drawn)
    }

    /// Draws the microbatches of a step. The processes wait for each other only at its end, so
    /// their slices are balanced over all microbatches together.
    private mutating func sharesOfStep() throws -> [Share] {
        let count = accumulation
        let drawn = try stream.preparing(share: share) { stream in
            try (0..<count).map { _ in try stream.next() }
        }
        return zip(drawn, share.slices(of: drawn, turn: step)).map { ($0, $1) }
    }

    /// Returns the patches of each sample.
    ///
    /// - Throws: `FailedSamples`.
    private func patches(_ drawn: TokenBatch<InputOutline>) throws -> [[ImagePatches]] {
        let cache = cache
        return try preparingAll(
            drawn.ids.count, workers: workers, of: { [drawn.ids[$0]] }
        ) { index in
            try naming(drawn.ids[index]) { try cache.patches(of: drawn.items[index]) }
        }
    }

    private func pack(
        _ drawn: TokenBatch<InputOutline>, _ patches: [[ImagePatches]]
    ) throws -> ReconstructionBatch {
        let outlines = drawn.items
        let order = Collator.order(outlines)
        // Masks depend on seed, epoch and sample, shared noise on seed and step, so neither a
        // resumed run nor a different packing needs stored random state.
        let streams = Masking.Streams(
            sequences: order.map {
                Masking.Streams.sample(
                    seed: seed, epoch: drawn.epochs[$0], name: drawn.ids[$0].description)
            }, shared: Masking.Streams.shared(seed: seed, step: step))
        var present = masking
        present.settings = masking.settings.at(Double(step) / Double(max(1, totalSteps - 1)))
        var batch = try present.corrupt(
            order.map { outlines[$0].sequence },
            pixels: collator.pixels(order.map { patches[$0] }),
            for: configuration, streams: streams)
        batch.subsets = SequenceSubsets(
            names: subsetNames, numbers: order.compactMap { subsetNumbers[drawn.ids[$0].subset] })
        return batch
    }
}

extension Recipe.Batch {
    /// The cost of a sample in MoCa: text tokens cost 1, image tokens `imageTokenCost` and images
    /// `imageCost`, which includes both markers of the image.
    func cost(of outline: InputOutline) -> Int {
        let images = outline.images.count
        let text = outline.ids.count - outline.imageTokenCount - 2 * images
        return max(1, text + imageTokenCost * outline.imageTokenCount + imageCost * images)
    }

    /// The cost used for packing, which cost bins clip to the maximum input length.
    func packedCost(of outline: InputOutline, maxLength: Int?) -> Int {
        guard packing == .costBins, let maxLength else { return cost(of: outline) }
        return min(maxLength, cost(of: outline))
    }
}
