// The steps of contrastive training.

import MoCaCore
import MoCaData
import MoCaImage
import MoCaModel
import MoCaObjectives
import MoCaProcessing
import MoCaSystem
import MoCaTables

/// The steps of contrastive training.
struct ContrastiveBatches: StepBatches {
    private var stream: TaskBatches<ContrastiveSample>
    private let settings: Recipe.Contrastive
    private let batch: Recipe.Batch
    private let packer: ContrastiveCollator
    private let cost: TrainingCost
    private let quarantine: Quarantine
    private let share: RankSlice

    /// Opens the recipe's data.
    ///
    /// - Parameters:
    ///   - cursor: The data position of an earlier run.
    ///   - log: Receives the records that fail.
    ///   - share: The slice of each batch that is decoded and packed.
    /// - Throws: `DataError`, `ProcessingError`.
    init(
        _ recipe: Recipe, _ settings: Recipe.Contrastive, _ start: TrainingSetup,
        cursor: DataCursor?, quarantine log: QuarantineLog? = nil, share: RankSlice = .whole
    ) throws {
        self.share = share
        let catalog = try Catalog<ContrastiveSample>(
            folders: recipe.data.subsetFolders(), images: ImageStore(root: recipe.data.images))
        stream = try TaskBatches(
            catalog.shapes, batchSize: settings.isTaskHomogeneous ? recipe.batch.partSize : 1,
            mixture: recipe.data.mixture, seed: recipe.seed, cursor: cursor
        ) { id in try catalog.sample(id) }
        if !settings.isTaskHomogeneous { try stream.requireEpoch(of: recipe.batch.partSize) }
        quarantine = try recipe.data.quarantine(over: catalog, log)
        stream.quarantine = quarantine
        stream.workers = recipe.runtime.dataWorkers ?? processorCount
        (self.settings, batch) = (settings, recipe.batch)
        cost = TrainingCost(start.model)
        packer = ContrastiveCollator(
            processor: start.processor,
            collator: Collator(
                start.model.configuration, start.processor.images.configuration),
            cache: PatchCache(
                start.processor.images, rule: .twoPass,
                byteCountMax: recipe.runtime.imageCacheBytes),
            prompting: try Prompting(recipe.data.prompts), hardNegatives: settings.hardNegatives,
            marksTargets: settings.loss.masksSameTarget, maxLength: recipe.data.maxLength,
            miniBatchTokens: recipe.batch.miniBatchTokens, workers: stream.workers)
    }

    mutating func next() throws -> PreparedStep<ContrastiveBatch> {
        var (batches, ids, tokenCount, operations) = ([ContrastiveBatch](), [SampleID](), 0, 0.0)
        var (ownIDs, truncation, pieceCount) = ([SampleID](), Truncated(), 0)
        quarantine.beginStep()
        for _ in 0..<batch.accumulation {
            let turn =
                stream.cursor.batchCount / (settings.isTaskHomogeneous ? 1 : batch.partSize)
            let (samples, own, result) = try stream.preparing(share: share) { [self] stream in
                let samples = try self.samples(from: &stream)
                // The processes wait for each other in every microbatch.
                let own = samples.slice(share, turn: turn, cost: packer.estimatedCost)
                return (samples, own, try packer.pack(own))
            }
            var packed = result.batch
            // The subset of the batch over all processes, not of this process's samples.
            packed.subset = samples.map(\.id).commonSubset
            truncation += result.truncation
            batches.append(packed)
            ids += samples.map(\.id)
            ownIDs += own.map(\.id)
            pieceCount += packed.pieces.count
            for piece in packed.pieces {
                tokenCount += piece.tokenCount
                operations += cost.ofInput(piece)
            }
        }
        var prepared = PreparedStep(
            batches: batches, cursor: stream.cursor, ids: ids, tokenCount: tokenCount,
            operations: operations, failureCount: quarantine.failureCount,
            packingFill: batch.miniBatchTokens.map {
                Double(tokenCount) / Double(max(1, pieceCount) * $0)
            })
        (prepared.ownIDs, prepared.truncation) = (ownIDs, truncation)
        return prepared
    }

    private func samples(
        from stream: inout TaskBatches<ContrastiveSample>
    ) throws -> [ContrastiveSample] {
        guard settings.isTaskHomogeneous else { return try stream.mixed(batch.partSize) }
        return try stream.next().items
    }
}
