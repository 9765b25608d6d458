import MoCaTables
import Foundation
import MoCaCore
import MoCaData
import MoCaImage
import MoCaModel
import MoCaObjectives
import MoCaProcessing
import MoCaTestSupport
import MoCaTokenizer
import Testing
import Torch
@testable import MoCaTraining

/// What is shown is what a run prepares.
@Suite struct SamplePreviewTests {
    private func preview(
        _ stage: Recipe.Stage, _ overrides: [String] = []
    ) throws -> SamplePreview {
        let output = FileManager.default.temporaryDirectory
        let recipe = try TrainingFixtures.recipe(stage, output: output, overrides)
        return try SamplePreview(PreviewSettings(recipe))
    }

    @Test func contrastiveInputsAreThoseOfABatch() throws {
        let overrides = ["data.prompts={query: 'Find: {text}', positive: '{text}!'}"]
        let preview = try preview(.finetune, overrides)
        let samples = try preview.samples(count: 5, seed: 3)
        #expect(samples.count == 5 && samples.allSatisfy { $0.problem == nil })
        #expect(Set(samples.map(\.id)).count == 5)
        #expect(Set(samples.map(\.id.subset)).count == 2)
        let recipe = try TrainingFixtures.recipe(
            .finetune, output: FileManager.default.temporaryDirectory, overrides)
        let start = try TrainingSetup(recipe, resuming: nil)
        let packer = ContrastiveCollator(
            processor: start.processor,
            collator: Collator(
                start.model.configuration, start.processor.images.configuration),
            cache: PatchCache(start.processor.images, rule: .twoPass, byteCountMax: 0),
            prompting: try Prompting(recipe.data.prompts), hardNegatives: 1, workers: 1)
        let catalog = try Catalog<ContrastiveSample>(
            folders: recipe.data.subsetFolders(), images: ImageStore(root: recipe.data.images))
        for sample in samples {
            let batch = try packer.pack([catalog.sample(sample.id)]).batch
            #expect(sample.inputs.count == 2 + batch.negativeCounts[0])
            // A batch has equal contents once, and the shorter inputs first.
            var seen: Set<String> = []
            let inputs = sample.inputs.filter {
                seen.insert("\($0.outline.ids) \($0.outline.images.map(\.name))").inserted
            }.sorted { $0.outline.ids.count < $1.outline.ids.count }
            #expect(inputs.map(\.outline.ids.count).reduce(0, +) == batch.input.tokenCount)
            let pixels: [Float] =
                PatchPixels(
                    inputs.flatMap(\.patches), preview.images.normalization)?.values().array() ?? []
            let rows: [Float] = batch.input.pixelValues?.array() ?? []
            #expect(pixels == rows)
            #expect(sample.inputs.allSatisfy { $0.maskedTokens.isEmpty && $0.maskedGroups.isEmpty })
        }
    }

    @Test func everythingOrNothingIsMasked() throws {
        for (ratio, isMasked) in [("1.0", true), ("0.0", false)] {
            let preview = try preview(
                .pretrain, ["objective.mlm_ratio=\(ratio)", "objective.mae_ratio=\(ratio)"])
            let special = preview.tokenizer.visionTokenIDs.union(preview.tokenizer.specialTokenIDs)
            let inputs = try preview.samples(count: 6, seed: 1).flatMap(\.inputs)
            #expect(inputs.contains { $0.outline.imageTokenCount > 0 })
            for input in inputs {
                let ids = input.outline.ids
                let open = Set(ids.indices.filter { !special.contains(ids[$0]) })
                #expect(input.maskedTokens == (isMasked ? open : []))
                #expect(
                    input.maskedGroups
                        == (isMasked ? Array(0..<input.outline.imageTokenCount) : []))
            }
        }
    }

    @Test func masksDependOnTheSeedAlone() throws {
        let preview = try preview(.pretrain)
        let (first, again) = (
            try preview.samples(count: 4, seed: 1), try preview.samples(count: 4, seed: 1)
        )
        #expect(first.map(\.id) == again.map(\.id))
        let masks = { (samples: [SeenSample]) in samples.flatMap(\.inputs).map(\.maskedTokens) }
        #expect(masks(first) == masks(again))
        #expect(masks(first).contains { !$0.isEmpty })
        #expect(try preview.samples(count: 4, seed: 2).map(\.id) != first.map(\.id))
    }

    @Test func whatIsCutIsShown() throws {
        let whole = try preview(.pretrain, ["data.max_length=null"])
        let cut = try preview(.pretrain, ["data.max_length=9"])
        var count = 0
        for (long, short) in zip(
            try whole.samples(count: 6, seed: 1), try cut.samples(count: 6, seed: 1))
        {
            #expect(long.id == short.id)
            for (long, short) in zip(long.inputs, short.inputs) {
                #expect(short.outline.ids + short.cut == long.outline.ids)
                #expect(short.cut.count == short.outline.truncated.tokens && long.cut.isEmpty)
                count += short.cut.isEmpty ? 0 : 1
            }
        }
        #expect(count > 0)
    }

    @Test func aBadSampleSaysWhy() throws {
        let preview = try preview(.pretrain, ["data.max_length=9", "data.truncation=error"])
        let samples = try preview.samples(count: 6, seed: 1)
        let problems = samples.compactMap(\.problem)
        #expect(problems.contains { $0.contains("input is too long") })
        #expect(samples.allSatisfy { ($0.problem == nil) != $0.inputs.isEmpty })
    }

    @Test func foldersAloneWillDo() throws {
        let data = TrainingFixtures.data
        let pairs = try PreviewSettings(
            folders: [data.appending(path: "mmeb-train")], images: TrainingFixtures.images,
            model: TrainingFixtures.checkpoint)
        #expect(pairs.stage == .finetune && pairs.folders.count > 3)
        let pages = try PreviewSettings(
            folders: [data.appending(path: "cpt/captions")], images: TrainingFixtures.images,
            model: TrainingFixtures.checkpoint)
        #expect(pages.stage == .pretrain && pages.masking == Masking.Settings())
        #expect(try SamplePreview(pages).samples(count: 2, seed: 0).count == 2)
    }

    @Test func recipesOfBothStagesAreRead() throws {
        let recipes = Repository.root.appending(path: "recipes")
        for (name, stage) in [
            ("debug-pretrain", Recipe.Stage.pretrain), ("debug-finetune", .finetune),
        ] {
            let file = recipes.appending(path: "\(name).yaml")
            #expect(try Recipe(ofAnyStage: file).stage == stage)
            // The wrong command says so instead of listing keys that it does not know.
            let other = try #require(Recipe.Stage.allCases.first { $0 != stage })
            #expect(throws: TrainingError.otherStage(file: file.path, stage: stage)) {
                try Recipe(reading: file, stage: other)
            }
        }
        try withTemporaryFolder { folder in
            let file = folder.appending(path: "bad.yaml")
            try Data("{seed: 1}\n".utf8).write(to: file)
            #expect(throws: TrainingError.self) { try Recipe(ofAnyStage: file) }
        }
    }

    @Test func subsetsShareTheCount() {
        let shapes = [
            SubsetShape(name: "a", blockRows: [2]), SubsetShape(name: "b", blockRows: [50, 50]),
            SubsetShape(name: "c", blockRows: []), SubsetShape(name: "d", blockRows: [9]),
        ]
        func counts(_ count: Int) -> [String: Int] {
            let ids = SamplePreview.draw(count, of: shapes, seed: 1)
            #expect(Set(ids).count == ids.count)
            return Dictionary(grouping: ids, by: \.subset).mapValues(\.count)
        }
        #expect(counts(12) == ["a": 2, "b": 5, "d": 5])
        #expect(counts(13) == ["a": 2, "b": 6, "d": 5])
        #expect(counts(1000) == ["a": 2, "b": 100, "d": 9])
        #expect(counts(1) == ["a": 1])
    }
}
