// What objectives are given by a run: masks that belong to samples, batches in pieces, a learned
// temperature that is saved, figures by subset.

import Foundation
import MoCaCore
import MoCaData
import MoCaModel
import MoCaObjectives
import MoCaTestSupport
import NN
import Safetensors
import Testing
import Torch
@testable import MoCaTraining

@Suite(.serialized) struct ObjectiveOptionsTests {
    private func recipe(_ stage: Recipe.Stage, _ overrides: [String]) throws -> Recipe {
        try TrainingFixtures.recipe(stage, output: URL(fileURLWithPath: "/tmp"), overrides)
    }

    private func reconstruction(
        _ overrides: [String], cursor: DataCursor? = nil
    ) throws -> ReconstructionBatches {
        let recipe = try recipe(.pretrain, overrides)
        guard case .reconstruction(let settings) = recipe.objective else {
            throw CancellationError()
        }
        return try ReconstructionBatches(
            recipe, settings, TrainingSetup(recipe, resuming: nil), cursor: cursor)
    }

    /// For every sequence, as its uncorrupted ids: its corrupted ids and patches, in the order of
    /// appearance.
    private func corruptions(
        _ source: ReconstructionBatches, steps: Int, noise: Bool = true
    ) throws -> [[Int32]: [[Float]]] {
        var source = source
        var found: [[Int32]: [[Float]]] = [:]
        for _ in 0..<steps {
            for batch in try source.next().batches {
                var ids = batch.input.ids
                for (place, id) in zip(batch.maskedTokens, batch.tokenTargets) { ids[place] = id }
                for piece in batch.input.pieces(tokensMax: 1).enumerated() {
                    let starts = batch.input.sequenceStarts
                    let key = Array(ids[starts[piece.offset]..<starts[piece.offset + 1]])
                    let pixels: [Float] = piece.element.pixelValues?.array() ?? []
                    found[key, default: []].append(
                        piece.element.ids.map { Float($0) } + (noise ? pixels : []))
                }
            }
        }
        return found
    }

    /// Other parts, another packing, another number of workers and a resumed stream give each
    /// sample of the first epoch the same masks and noise.
    @Test func masksBelongToSamples() throws {
        let small = ["data.weights={captions: 1, text: 1}"]
        let plain = try corruptions(reconstruction(small), steps: 3)
        #expect(plain.count > 20)
        let others = [
            ["batch.accumulation=1"], ["batch.tokens=400", "batch.window=7"],
            ["runtime.data_workers=1"], ["batch.packing=cost_bins", "batch.window=null"],
        ]
        for overrides in others {
            let other = try corruptions(reconstruction(small + overrides), steps: 3)
            let shared = plain.keys.filter { other[$0] != nil }
            #expect(shared.count > 5, "\(overrides)")
            for key in shared { #expect(other[key]?[0] == plain[key]?[0], "\(overrides)") }
        }
        var source = try reconstruction(small)
        let cursor = try source.next().cursor
        let rest = try corruptions(reconstruction(small, cursor: cursor), steps: 2)
        for (key, values) in rest where plain[key]?.count == 1 { #expect(plain[key] == values) }
        // Control: another seed masks otherwise.
        let different = try corruptions(reconstruction(small + ["seed=8"]), steps: 30)
        let shared = plain.keys.filter { $0.count > 8 && different[$0] != nil }
        #expect(shared.contains { plain[$0]?[0] != different[$0]?[0] })
    }

    /// A sample that comes again in a later epoch has other masks.
    @Test func epochsMaskAnew() throws {
        let found = try corruptions(
            reconstruction([
                "data.folders=[\(TrainingFixtures.data.path)/cpt/text]", "data.weights=null",
                "batch.tokens=20000", "batch.accumulation=1", "batch.window=8",
            ]), steps: 12)
        let again = found.filter { $0.value.count > 1 && $0.key.count > 10 }
        #expect(!again.isEmpty)
        #expect(again.values.allSatisfy { $0[0] != $0[1] })
    }

    @Test func ratiosFollowTheRun() throws {
        var source = try reconstruction([
            "objective.mlm_ratio=0", "objective.mlm_ratio_end=1", "schedule.total_steps=3",
        ])
        let shares = try (0..<3).map { _ in
            try source.next().batches.reduce(0) { $0 + $1.maskedTokens.count }
        }
        #expect(shares[0] == 0 && shares[1] > 0 && shares[2] > shares[1])
    }

    /// The same samples in pieces: the same loss and gradients, each piece within its budget.
    @Test func miniBatchesEqualTheWholeBatch() throws {
        var results: [(loss: Double, gradients: [[Float]])] = []
        for overrides in [[], ["batch.mini_batch_tokens=40"]] {
            let recipe = try recipe(.finetune, ["batch.accumulation=1"] + overrides)
            guard case .contrastive(let settings) = recipe.objective else { return }
            let start = try TrainingSetup(recipe, resuming: nil)
            var source = try ContrastiveBatches(recipe, settings, start, cursor: nil)
            var objective = ContrastiveObjective(
                EmbeddingModel(start.model.backbone, PoolingSettings()), settings.loss)
            objective.observe = nil
            var loss = 0.0
            for _ in 0..<2 {
                let batch = try source.next().batches[0]
                #expect((batch.pieces.count > 1) == !overrides.isEmpty)
                #expect(
                    overrides.isEmpty
                        || batch.pieces.allSatisfy { $0.tokenCount <= 40 || $0.sequenceCount == 1 })
                loss += objective.step([batch], over: SingleProcess()).loss
            }
            results.append(
                (loss, start.model.store.parameters.map { $0.tensor.gradient?.array() ?? [] }))
        }
        #expect(abs(results[0].loss - results[1].loss) <= 1e-5 * results[0].loss)
        for (x, y) in zip(results[0].gradients, results[1].gradients) {
            let norm = x.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let error = zip(x, y).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
            #expect(x.count == y.count && error <= 2e-5 * max(norm, 1e-2))
        }
    }

    @Test func keysAreChecked() throws {
        #expect(throws: TrainingError.self) {
            try recipe(.finetune, ["batch.mini_batch_tokens=40"])
        }
        #expect(throws: TrainingError.self) {
            try recipe(.finetune, ["objective.matryoshka_dimensions=[8, 4]"])
        }
        #expect(throws: TrainingError.self) {
            try recipe(.finetune, ["objective.quantization_aware=[int4]"])
        }
        #expect(throws: TrainingError.self) {
            try TrainingSetup(
                recipe(.finetune, ["objective.matryoshka_dimensions=[8, 64]"]), resuming: nil)
        }
    }

    /// The temperature of a stopped run goes on bit for bit; the final model does not have it, and
    /// its contract names the sizes.
    @Test func aLearnedTemperatureIsResumed() throws {
        try withTemporaryFolder { folder in
            let keys = [
                "objective.temperature_learned=true", "objective.matryoshka_dimensions=[8, 32]",
                "objective.symmetric=true", "optimizer.weight_decay=0.5",
            ]
            let whole = try TrainingFixtures.recipe(
                .finetune, output: folder.appending(path: "whole"), keys)
            let model = try TrainingRun(whole, say: { _ in }).run()
            let parts = try TrainingFixtures.recipe(
                .finetune, output: folder.appending(path: "parts"), keys)
            var steps = 0
            #expect(throws: TrainingError.self) {
                try TrainingRun(
                    parts, say: { _ in },
                    shouldStop: {
                        steps += 1
                        return steps == 4
                    }
                ).run()
            }
            let stopped = try #require(try Checkpoint.all(in: parts.outputFolder).last)
            let checkpoint = try SafetensorsCheckpoint(opening: stopped.folder)
            #expect(checkpoint.names.contains("contrastive.log_scale"))
            try TrainingRun(parts, say: { _ in }).run()
            let metrics = try TrainingFixtures.metrics(whole.outputFolder)
            #expect(try TrainingFixtures.metrics(parts.outputFolder) == metrics)
            #expect(metrics.allSatisfy { $0.contains("\"temperature\"") })
            #expect(metrics.allSatisfy { $0.contains("\"contrastive_loss_8_float\"") })
            let final = try SafetensorsCheckpoint(opening: model)
            #expect(!final.names.contains { $0.hasPrefix("contrastive") })
            let url = model.appending(path: EmbeddingContract.fileName)
            let contract = try EmbeddingContract(parsing: Data(contentsOf: url), file: url.path)
            #expect(contract.dimensions == [8, 32])
        }
    }

    /// Lines have the accuracy and each subset's sums; subsets add up to the whole.
    @Test func metricsHaveAccuracyAndSubsets() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                .pretrain, output: folder, steps: 2, ["logging.every_steps=1"])
            try TrainingRun(recipe, say: { _ in }).run()
            for line in try TrainingFixtures.metrics(folder) {
                let row = try #require(
                    try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
                let accuracy = try #require(row["mlm_accuracy"] as? Double)
                #expect((0...1).contains(accuracy))
                let subsets = try #require(
                    row["subset_terms"] as? [String: [String: [String: Double]]])
                #expect(subsets.keys.sorted() == ["captions", "text"])
                let sums = subsets.values.compactMap { $0["mlm_loss"]?["sum"] }
                let counts = subsets.values.compactMap { $0["mlm_loss"]?["count"] }
                let mean = sums.reduce(0, +) / counts.reduce(0, +)
                let whole = try #require(row["mlm_loss"] as? Double)
                #expect(abs(mean - whole) <= 1e-9 * whole)
                #expect((row["subset_losses"] as? [String: Double])?.count == 2)
            }
        }
    }

    /// All parts of a kept step replay as one loss, with the settings they were saved with.
    @Test func partsReplayTogether() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: folder,
                ["batch.accumulation=1", "batch.mini_batch_tokens=40"])
            guard case .contrastive(let settings) = recipe.objective else { return }
            let start = try TrainingSetup(recipe, resuming: nil)
            var source = try ContrastiveBatches(recipe, settings, start, cursor: nil)
            let batches = try (0..<2).map { _ in try source.next().batches[0] }
            let failed = try FailureDump(
                recipe, step: 1, records: [],
                FailureDump.Conditions(recipe, start.model.store, step: 1))
            let objective = ContrastiveObjective(
                EmbeddingModel(start.model.backbone, PoolingSettings()), settings.loss)
            let first = Replay(start.model).run(objective, batches)
            let files = ["batch.safetensors", "batch-2.safetensors"].map {
                folder.appending(path: $0)
            }
            for (batch, url) in zip(batches, files) { try failed.write(batch, to: url) }
            for (_, tensor) in start.model.store.parameters { tensor.setGradient(nil) }
            let again = try files.map {
                try ReplayBatch(reading: $0, for: start.model.configuration).contrastive()
            }
            let second = Replay(start.model).run(objective, again)
            #expect(first == second)
            #expect(again[0].sequences == batches[0].sequences)
            #expect(again[0].pieces.map(\.ids) == batches[0].pieces.map(\.ids))
            #expect(again[0].candidateIdentities == batches[0].candidateIdentities)
            #expect(again[0].targetIdentities == batches[0].targetIdentities)
            let metadata = try ReplayBatch.metadata(of: files[0])
            #expect(metadata["dtype"] == "float32")
            #expect(metadata["mini_batch_tokens"] == "40")
        }
    }
}
