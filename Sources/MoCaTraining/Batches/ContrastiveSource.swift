// Contrastive samples to packed batches: prompts, tokens, patches, and which contents are equal.

import MoCaCore
import MoCaData
import MoCaImage
import MoCaModel
import MoCaObjectives
import MoCaProcessing

/// The steps of contrastive training.
struct ContrastiveSource: StepSource {
    private var stream: TaskBatches<ContrastiveSample>
    private let settings: Recipe.Contrastive
    private let batch: Recipe.Batch
    private let packer: ContrastivePacker
    private let cost: ForwardCost
    private let quarantine: Quarantine

    /// Opens the recipe's data; `cursor` is where an earlier run stood, `quarantine` what takes
    /// the records that fail.
    ///
    /// - Throws: `DataError`, `ProcessingError`.
    init(
        _ recipe: Recipe, _ settings: Recipe.Contrastive, _ start: StartingModel,
        cursor: DataCursor?, quarantine log: QuarantineLog? = nil
    ) throws {
        let catalog = try Catalog<ContrastiveSample>(
            folders: recipe.data.subsetFolders(), images: ImageStore(root: recipe.data.images))
        stream = try TaskBatches(
            catalog.shapes, batchSize: settings.isTaskHomogeneous ? recipe.batch.partSize : 1,
            mixture: recipe.data.mixture, seed: recipe.seed, cursor: cursor
        ) { id in try catalog.sample(id) }
        quarantine = try recipe.data.quarantine(over: catalog, log)
        stream.quarantine = quarantine
        stream.workers = recipe.runtime.dataWorkers ?? defaultWorkerCount
        (self.settings, batch) = (settings, recipe.batch)
        cost = ForwardCost(start.model.configuration)
        packer = ContrastivePacker(
            processor: start.processor, collator: Collator(start.model.configuration),
            cache: PatchCache(
                start.processor.images, rule: .contrastive,
                byteCountMax: recipe.runtime.imageCacheBytes),
            prompting: try Prompting(recipe.data.prompts), hardNegatives: settings.hardNegatives,
            workers: stream.workers)
    }

    mutating func next() throws -> PreparedStep<ContrastiveBatch> {
        var (batches, ids, tokenCount, operations) = ([ContrastiveBatch](), [SampleID](), 0, 0.0)
        quarantine.beginStep()
        for _ in 0..<batch.accumulation {
            let (samples, packed) = try stream.redrawing { [self] stream in
                let samples = try self.samples(from: &stream)
                return (samples, try packer.pack(samples))
            }
            batches.append(packed)
            ids += samples.map(\.id)
            tokenCount += packed.input.tokenCount
            operations += 3 * cost.ofInput(packed.input)
        }
        return PreparedStep(
            batches: batches, cursor: stream.cursor, ids: ids, tokenCount: tokenCount,
            operations: operations, failureCount: quarantine.failureCount)
    }

    private func samples(
        from stream: inout TaskBatches<ContrastiveSample>
    ) throws -> [ContrastiveSample] {
        guard !settings.isTaskHomogeneous else { return try stream.next().items }
        var samples: [ContrastiveSample] = []
        while samples.count < batch.partSize { samples += try stream.next().items }
        return samples
    }
}

/// Packs samples.
struct ContrastivePacker: Sendable {
    let processor: Processor
    let collator: Collator
    let cache: PatchCache
    let prompting: Prompting
    /// At most so many negatives a query.
    let hardNegatives: Int
    /// How many threads prepare contents.
    let workers: Int

    /// One batch. Contents that occur several times are computed once.
    ///
    /// - Throws: `FailedSamples`, `ModelError`.
    func pack(_ samples: [ContrastiveSample]) throws -> ContrastiveBatch {
        var contents = DistinctContents()
        let queries = samples.map { contents.add(prompted($0, $0.query, .query), of: $0.id) }
        let positives = samples.map {
            contents.add(prompted($0, $0.positive, .positive), of: $0.id)
        }
        let negatives = samples.flatMap { sample in
            sample.negatives.prefix(hardNegatives).map {
                contents.add(prompted(sample, $0, .negative), of: sample.id)
            }
        }
        let distinct = contents
        let inputs = try preparingAll(
            distinct.count, workers: workers, of: { distinct.owners[$0] }
        ) { index in
            try naming(distinct.owners[index][0]) {
                let outline = try processor.outline(distinct.list[index])
                return (outline: outline, pixels: try cache.pixels(of: outline))
            }
        }
        let packed = try collator.pack(inputs.map(\.outline), pixels: inputs.map(\.pixels))
        return ContrastiveBatch(
            input: packed.input,
            sequences: (queries + positives + negatives).map { packed.places[$0] },
            negativeCounts: samples.map { min(hardNegatives, $0.negatives.count) },
            candidateIdentities: positives + negatives)
    }

    private func prompted(
        _ sample: ContrastiveSample, _ content: Content, _ side: Prompting.Side
    ) -> Content {
        prompting(content, side, subset: sample.id.subset)
    }
}

/// Contents, each once, with the samples that it is of.
private struct DistinctContents: Sendable {
    private(set) var list: [Content] = []
    private(set) var owners: [[SampleID]] = []
    private var numbers: [Content: Int] = [:]

    var count: Int { list.count }

    /// The number of a content.
    mutating func add(_ content: Content, of id: SampleID) -> Int {
        if let known = numbers[content] {
            owners[known].append(id)
            return known
        }
        numbers[content] = list.count
        list.append(content)
        owners.append([id])
        return list.count - 1
    }
}

/// Names the sample in what `body` throws because of it; a missing decoder is not its fault.
func naming<Result>(_ id: SampleID, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as any UserFacingError
        where !(error is DataError)
        && [.badData, .inputMissing, .inputOutput].contains(error.kind)
    {
        throw TrainingError.badSample(name: id.description, reason: error.oneLine)
    }
}
