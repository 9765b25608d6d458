import MoCaTables
import Foundation
import MoCaCore
import MoCaData
import MoCaImage
import MoCaModel
import MoCaObjectives
import MoCaProcessing
import MoCaTestSupport
import Testing
import Torch
@testable import MoCaTraining

/// Prepared steps: they depend on seed and cursor alone, and hold what the recipe says.
@Suite struct BatchesTests {
    private func contrastive(
        _ overrides: [String] = [], cursor: DataCursor? = nil, share: RankSlice = .whole
    ) throws -> ContrastiveBatches {
        let recipe = try TrainingFixtures.recipe(
            .finetune, output: URL(fileURLWithPath: "/tmp"), overrides)
        guard case .contrastive(let settings) = recipe.objective else { throw CancellationError() }
        return try ContrastiveBatches(
            recipe, settings, TrainingSetup(recipe, resuming: nil), cursor: cursor,
            share: share)
    }

    private func pretraining(
        _ overrides: [String] = [], cursor: DataCursor? = nil, share: RankSlice = .whole
    ) throws -> ReconstructionBatches {
        let recipe = try TrainingFixtures.recipe(
            .pretrain, output: URL(fileURLWithPath: "/tmp"), overrides)
        guard case .reconstruction(let settings) = recipe.objective else {
            throw CancellationError()
        }
        return try ReconstructionBatches(
            recipe, settings, TrainingSetup(recipe, resuming: nil), cursor: cursor,
            share: share)
    }

    @Test func contrastiveStepsAreOfOneSubsetAPartAndContinue() throws {
        var source = try contrastive()
        var cursor: DataCursor?
        for number in 0..<4 {
            if number == 2 { cursor = try contrastive().cursorAfter(2) }
            let step = try source.next()
            #expect(step.ids.count == 8)
            #expect(step.batches.map(\.queryCount) == [4, 4])
            #expect(Set(step.ids.prefix(4).map(\.subset)).count == 1)
            #expect(step.batches.allSatisfy { $0.negativeCounts.allSatisfy { $0 <= 1 } })
        }
        var again = try contrastive(cursor: cursor)
        var whole = try contrastive()
        for _ in 0..<2 { _ = try whole.next() }
        for _ in 0..<2 {
            let (one, other) = (try whole.next(), try again.next())
            #expect(one.ids == other.ids)
            #expect(one.cursor == other.cursor)
            for (x, y) in zip(one.batches, other.batches) {
                #expect(x.input.ids == y.input.ids)
                #expect(
                    x.input.pixelValues?.array(Float.self) == y.input.pixelValues?.array(Float.self)
                )
                #expect(x.sequences == y.sequences)
            }
        }
    }

    @Test func equalContentsAreComputedOnceAndKnownAsEqual() throws {
        let folder = TrainingFixtures.data.path + "/mmeb-train/OpenClipart_cls"
        var source = try contrastive([
            "data.folders=[\(folder)]", "data.weights=null", "batch.size=32",
            "batch.accumulation=1",
        ])
        let batch = try source.next().batches[0]
        let candidates = Array(batch.sequences[32...])
        // Classes repeat: there are fewer sequences than queries and candidates.
        #expect(batch.input.sequenceCount < batch.sequences.count)
        for (x, y) in zip(candidates, batch.candidateIdentities) {
            for (other, identity) in zip(candidates, batch.candidateIdentities) {
                #expect((x == other) == (y == identity))
            }
        }
    }

    @Test func mixedBatchesHaveSeveralSubsets() throws {
        var source = try contrastive([
            "objective.task_homogeneous=false", "batch.size=32", "batch.accumulation=1",
        ])
        #expect(try source.next().subset == nil)
    }

    @Test func pretrainingStepsKeepTheBudgetAndContinue() throws {
        var whole = try pretraining()
        let first = try whole.next()
        #expect(first.batches.count == 2)
        var again = try pretraining(cursor: first.cursor)
        for _ in 0..<2 {
            let (one, other) = (try whole.next(), try again.next())
            #expect(one.ids == other.ids)
            #expect(one.cursor == other.cursor)
            for (x, y) in zip(one.batches, other.batches) {
                #expect(x.input.ids == y.input.ids)
                #expect(x.maskedTokens == y.maskedTokens)
                #expect(x.maskedImageTokens == y.maskedImageTokens)
                #expect(
                    x.input.pixelValues?.array(Float.self) == y.input.pixelValues?.array(Float.self)
                )
            }
        }
        // A later step has other masks.
        let next = try whole.next()
        #expect(next.batches[0].maskedTokens != first.batches[0].maskedTokens)
    }

    /// A prepared step holds at most a quarter of the float32 numbers that its patches become.
    @Test func preparedStepsHoldBytes() throws {
        var (contrastive, pretraining) = (
            try contrastive(), try pretraining(["objective.mae_ratio=0.5"])
        )
        var (held, patches, valueCount) = (0, 0, 0)
        for batch in try contrastive.next().batches {
            for pixels in batch.pieces.compactMap(\.pixels) {
                (held, patches) = (held + pixels.byteCount, patches + pixels.count)
                valueCount = pixels.valueCount
            }
        }
        #expect(patches > 0 && 8 * held == patches * valueCount * MemoryLayout<Float>.size)
        (held, patches) = (0, 0)
        for batch in try pretraining.next().batches {
            held += (batch.input.pixels?.byteCount ?? 0) + (batch.targetPatches?.byteCount ?? 0)
            patches += batch.input.pixels?.count ?? 0
        }
        #expect(patches > 0 && 4 * held <= patches * valueCount * MemoryLayout<Float>.size)
    }

    /// The images of a sample, by the number of patches: what a process decodes.
    private func patchCount(_ inputs: [EncoderInput]) -> Int {
        inputs.reduce(0) { $0 + ($1.pixelValues?.shape[0] ?? 0) }
    }

    @Test func processesDecodeTheirPartsOfAPretrainingBatch() throws {
        var whole = try pretraining()
        var parts = try (0..<2).map { try pretraining(share: RankSlice(rank: $0, of: 2)) }
        for _ in 0..<3 {
            let all = try whole.next()
            let own = try parts.indices.map { try parts[$0].next() }
            #expect(own.allSatisfy { $0.ids == all.ids && $0.cursor == all.cursor })
            #expect(own.reduce(0) { $0 + $1.tokenCount } == all.tokenCount)
            #expect(own.allSatisfy { (1..<all.tokenCount).contains($0.tokenCount) })
            for (number, batch) in all.batches.enumerated() {
                let inputs = own.map { $0.batches[number].input }
                #expect(sequences(inputs) == sequences([batch.input]))
                #expect(patchCount(inputs) == patchCount([batch.input]))
                let masked = own.reduce(0) { $0 + $1.batches[number].maskedTokens.count }
                #expect(masked == batch.maskedTokens.count)
            }
        }
    }

    @Test func processesDecodeTheirPartsOfAContrastiveBatch() throws {
        let keys = ["data.max_length=null"]
        var whole = try contrastive(keys)
        var parts = try (0..<2).map { try contrastive(keys, share: RankSlice(rank: $0, of: 2)) }
        for _ in 0..<3 {
            let all = try whole.next()
            let own = try parts.indices.map { try parts[$0].next() }
            #expect(own.allSatisfy { $0.ids == all.ids && $0.cursor == all.cursor })
            let ids = own.flatMap(\.ownIDs)
            #expect(ids.count == all.ids.count && Set(ids) == Set(all.ids))
            #expect(all.ownIDs == all.ids)
            for (number, batch) in all.batches.enumerated() {
                let shares = own.map { $0.batches[number] }
                #expect(shares.flatMap(queries).sorted() == queries(batch).sorted())
                #expect(shares.allSatisfy { $0.queryCount > 0 })
                #expect(shares.allSatisfy { $0.subset == batch.subset })
                let distinct = Set(shares.flatMap { sequences([$0.input]) })
                #expect(distinct == Set(sequences([batch.input])))
                #expect(shares.allSatisfy { $0.input.sequenceCount < batch.input.sequenceCount })
            }
        }
    }

    /// The positive's identity and the number of negatives of each query.
    private func queries(_ batch: ContrastiveBatch) -> [String] {
        zip(batch.candidateIdentities, batch.negativeCounts).map { "\($0) \($1)" }
    }

    /// Texts cost their length up to the limit; pictures cost alike, before they are read.
    @Test func costsOfSamplesAreEstimated() throws {
        let recipe = try TrainingFixtures.recipe(
            .finetune, output: URL(fileURLWithPath: "/tmp"))
        let start = try TrainingSetup(recipe, resuming: nil)
        let packer = ContrastiveCollator(
            processor: start.processor,
            collator: Collator(start.model.configuration, start.processor.images.configuration),
            cache: PatchCache(start.processor.images, rule: .twoPass, byteCountMax: 0),
            prompting: try Prompting(recipe.data.prompts), hardNegatives: 1, maxLength: 48,
            workers: 1)
        let source = try Catalog<ContrastiveSample>(
            folders: recipe.data.subsetFolders(), images: ImageStore(root: recipe.data.images))
        var sample = try source.sample(SampleID(subset: "WordNet_def2word", row: 0))
        sample.query = .text(String(repeating: "a", count: 40))
        sample.positive = .text("b")
        sample.negatives = []
        #expect(packer.estimatedCost(sample) == 10 + 1)
        sample.negatives = [.text(String(repeating: "c", count: 4000)), .text("d")]
        #expect(packer.estimatedCost(sample) == 10 + 1 + 48)
        sample.positive = Content([.image(.file(TrainingFixtures.picture)), .text("efgh")])
        #expect(packer.estimatedCost(sample) == 10 + 48 + 48)
    }

    /// With fewer samples than processes, some take part with nothing.
    @Test func aProcessMayHaveNothing() throws {
        var source = try contrastive(
            ["batch.size=2", "batch.accumulation=1"], share: RankSlice(rank: 2, of: 3))
        let step = try source.next()
        #expect(step.ids.count == 2 && step.tokenCount == 0)
        #expect(step.batches.map(\.queryCount) == [0] && step.batches[0].pieces.isEmpty)
        #expect(step.batches[0].subset != nil)
        var empty = try pretraining(share: RankSlice(rank: 99, of: 100))
        let batch = try empty.next().batches[0]
        #expect(batch.input.sequenceCount == 0 && batch.subsets?.names.count == 2)
    }

    /// The ids of all sequences, in an order of their own.
    private func sequences(_ inputs: [EncoderInput]) -> [[Int32]] {
        inputs.flatMap { input in
            (0..<input.sequenceCount).map {
                // A mask token stands for whatever was there.
                Array(input.ids[input.sequenceStarts[$0]..<input.sequenceStarts[$0 + 1]])
            }
        }.sorted { $0.lexicographicallyPrecedes($1) }
    }

    @Test func costCountsImageTokensAtTheirPrice() throws {
        let batch = Recipe.Batch(stepAmount: 1, accumulation: 1, imageTokenCost: 4, imageCost: 2)
        let recipe = try TrainingFixtures.recipe(
            .finetune, output: URL(fileURLWithPath: "/tmp"))
        let processor = try TrainingSetup(recipe, resuming: nil).processor
        let picture = TrainingFixtures.picture
        let text = try processor.outline(.text("foggy"))
        let image = try processor.outline(.image(picture))
        let both = try processor.outline(Content([.image(.file(picture)), .text("foggy")]))
        #expect(batch.cost(of: text) == text.ids.count)
        #expect(batch.cost(of: image) == 4 * (image.ids.count - 2) + 2)
        #expect(batch.cost(of: both) == batch.cost(of: text) + batch.cost(of: image))
    }

    @Test func cachedPatchesAreBitEqual() throws {
        let recipe = try TrainingFixtures.recipe(
            .finetune, output: URL(fileURLWithPath: "/tmp"), ["model.path=\(Self.nano)"])
        let processor = try Processor(
            folder: URL(fileURLWithPath: Self.nano),
            configuration: try PretrainedModel.configuration(
                of: URL(fileURLWithPath: Self.nano), names: [:]))
        #expect(recipe.runtime.imageCacheBytes == 256 << 20)
        let folder = TrainingFixtures.picture.deletingLastPathComponent()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        let contents = names.sorted().prefix(5).map { Content.image(folder.appending(path: $0)) }
        for bytes in [1 << 20, 30_000, 0] {
            let cache = PatchCache(processor.images, rule: .twoPass, byteCountMax: bytes)
            for content in contents + contents {
                let outline = try processor.outline(content)
                #expect(try cache.patches(of: outline) == processor.patches(of: outline))
            }
        }
    }

    /// Two pictures that errors call by one name, as two data: URLs of a record, stay two.
    @Test func picturesOfOneNameAreTwo() throws {
        let processor = try Processor(
            folder: URL(fileURLWithPath: Self.nano),
            configuration: try PretrainedModel.configuration(
                of: URL(fileURLWithPath: Self.nano), names: [:]))
        let cache = PatchCache(processor.images, rule: .twoPass, byteCountMax: 1 << 20)
        let folder = Repository.root.appending(path: "examples/pictures")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let outlines = try names.prefix(2).map { name in
            let data = try Data(contentsOf: folder.appending(path: name))
            return try processor.outline(Content([.image(.encoded(data, name: "line 1"))]))
        }
        let patches = try outlines.map(cache.patches)
        #expect(patches[0] != patches[1])
        for (outline, found) in zip(outlines, patches) {
            #expect(try found == processor.patches(of: outline))
            #expect(try cache.patches(of: outline) == found)
        }
    }

    private static let nano = Repository.root.appending(path: "models/nano").path

    @Test func instructionsAreRemovedAndTemplatesPutAround() throws {
        var settings = Recipe.Prompts()
        settings.removed = ["Find", "Find it: "]
        settings.templates.query = "query: {text}"
        settings.templates.positive = "{image}{text} doc"
        settings.subsets["B"] = .init(query: "{image} class", positive: nil, negative: "no {text}")
        let prompting = try Prompting(settings)
        let image = Content.Segment.image(.encoded(Data([1]), name: "i"))
        #expect(
            prompting(.text("Find it: a cat\n"), .query, subset: "A")
                == Content([.text("query: "), .text("a cat")]))
        #expect(
            prompting(Content([image, .text("\nFind")]), .positive, subset: "A")
                == Content([image, .text(" doc")]))
        // Without a template of its own, a negative gets the positive's.
        #expect(
            prompting(Content([image]), .negative, subset: "A") == Content([image, .text(" doc")]))
        #expect(
            prompting(Content([image, .text("Find")]), .query, subset: "B")
                == Content([image, .text(" class")]))
        #expect(
            prompting(.text("x"), .negative, subset: "B") == Content([.text("no "), .text("x")]))
        #expect(
            prompting(Content([image]), .positive, subset: "B")
                == Content([image, .text(" doc")]))
        // Without any settings nothing changes.
        let plain = try Prompting(Recipe.Prompts())
        #expect(plain(.text(" x\n"), .query, subset: "A") == .text(" x\n"))
    }

    @Test func foldersOfFoldersAreSubsets() throws {
        let recipe = try TrainingFixtures.recipe(
            .finetune, output: URL(fileURLWithPath: "/tmp"),
            [
                "data.folders=[\(TrainingFixtures.data.path)/mmeb-train]",
                "data.weights={EasyVQA: 0, DocPages: 2}",
            ])
        let names = try recipe.data.subsetFolders().map(\.lastPathComponent)
        #expect(names.contains("DocPages"))
        #expect(names.contains("EmojiNoto_i2t"))
        #expect(!names.contains("EasyVQA"))
    }

    @Test func aFailureReachesTheConsumerInOrder() throws {
        struct Failing: StepBatches {
            var count = 0
            mutating func next() throws -> PreparedStep<Int> {
                count += 1
                guard count < 4 else { throw TrainingError.badSample(name: "x", reason: "y") }
                return PreparedStep(
                    batches: [count],
                    cursor: DataCursor(
                        [SubsetShape(name: "s", blockRows: [1])], seed: 0, windowBlocks: 1),
                    ids: [], tokenCount: 0)
            }
        }
        let prefetcher = Prefetcher(Failing(), ahead: 2)
        #expect(
            try (0..<3).map { _ in try #require(try prefetcher.next()).batches[0] } == [1, 2, 3])
        #expect(throws: TrainingError.self) { try prefetcher.next() }
    }

    /// A thread that still works, or releases its data, while the program exits would crash it.
    @Test(arguments: [1, 3, Int.max])
    func thePrefetchersThreadEndsWithIt(count: Int) throws {
        final class Held: Sendable {}
        struct Slow: StepBatches {
            let held: Held
            mutating func next() throws -> PreparedStep<Int> {
                usleep(20_000)
                return PreparedStep(
                    batches: [1],
                    cursor: DataCursor(
                        [SubsetShape(name: "s", blockRows: [1])], seed: 0, windowBlocks: 1),
                    ids: [], tokenCount: 0)
            }
        }
        weak var held: Held?
        do {
            let own = Held()
            held = own
            let prefetcher = Prefetcher(Slow(held: own), ahead: 2, count: count)
            _ = try prefetcher.next()
        }
        #expect(held == nil)
    }
}

extension ContrastiveBatches {
    /// The stream after some steps.
    func cursorAfter(_ steps: Int) throws -> DataCursor? {
        var copy = self
        var cursor: DataCursor?
        for _ in 0..<steps { cursor = try copy.next().cursor }
        return cursor
    }
}
