import Foundation
import MoCaCore
import MoCaModel
import MoCaRunLog
import MoCaTestSupport
import NN
import Safetensors
import Testing
import Torch

@testable import MoCaTraining

/// Whole runs with adapters, frozen weights, averages and narrow types.
@Suite(.serialized) struct ParameterRunTests {
    private struct Killed: Error {}

    private static let lora =
        "lora={rank: 4, alpha: 8, dropout: 0.2, use_dora: true, init: gaussian, "
        + "target_modules: [q_proj, o_proj, down_proj]}"

    private func weights(_ folder: URL, _ name: String = "model") throws -> Data {
        try Data(contentsOf: folder.appending(path: "\(name)/model.safetensors"))
    }

    private func run(_ recipe: Recipe, killedAt step: Int? = nil) throws {
        try TrainingRun(
            recipe, say: { _ in }, onLog: { if $0.step == step { throw Killed() } }
        ).run()
    }

    private func model(_ folder: URL, adapter: URL? = nil) throws -> [String: [Float]] {
        let loaded = try PretrainedModel(
            loading: folder,
            LoadOptions(
                dtype: .float32, purpose: .pretraining, adapter: adapter.map { .stored($0) }))
        return loaded.store.tensors.mapValues { $0.array() }
    }

    /// Dropout, optimiser and adapter continue; the checkpoint has these alone.
    @Test(arguments: Recipe.Stage.allCases)
    func aRunWithAdaptersContinuesBitForBit(stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            try run(TrainingFixtures.recipe(stage, output: whole, [Self.lora]))
            let recipe = try TrainingFixtures.recipe(stage, output: broken, [Self.lora])
            #expect(throws: Killed.self) { try run(recipe, killedAt: 4) }
            let names = try FileManager.default.contentsOfDirectory(
                atPath: broken.appending(path: "checkpoint-3").path)
            #expect(names.contains("adapter_model.safetensors"))
            #expect(!names.contains("model.safetensors"))
            try run(recipe)
            #expect(try weights(whole) == weights(broken))
            #expect(try TrainingFixtures.metrics(whole) == TrainingFixtures.metrics(broken))
            // model/ is the base with adapter/ merged; nothing else has changed.
            let (start, end) = (
                try model(TrainingFixtures.checkpoint), try model(whole.appending(path: "model"))
            )
            let adapted = "model.layers.0.self_attn.q_proj.weight"
            #expect(end[adapted] != start[adapted])
            #expect(
                end["model.layers.0.mlp.up_proj.weight"]
                    == start["model.layers.0.mlp.up_proj.weight"])
            let changesHeads = end["mae_proj.weight"] != start["mae_proj.weight"]
            #expect(changesHeads == (stage == .pretrain))
            let merged = try model(
                TrainingFixtures.checkpoint, adapter: whole.appending(path: "adapter"))
            for (key, values) in end {
                let worst = zip(values, merged[key]!).reduce(0) { max($0, abs($1.0 - $1.1)) }
                #expect(worst <= 1e-6, "\(key)")
            }
        }
    }

    /// An adapter goes on in another run, where the first one left it.
    @Test func anAdapterIsTrainedOn() throws {
        try withTemporaryFolder { folder in
            let (first, second) = (folder.appending(path: "1"), folder.appending(path: "2"))
            try run(TrainingFixtures.recipe(.finetune, output: first, steps: 2, [Self.lora]))
            let adapter = first.appending(path: "adapter")
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: second, steps: 1,
                ["model.adapter=\(adapter.path)", "optimizer.learning_rate=1.0e-30"])
            try run(recipe)
            let (before, after) = (
                try model(first.appending(path: "model")),
                try model(second.appending(path: "model"))
            )
            for (key, values) in before {
                let worst = zip(values, after[key]!).reduce(0) { max($0, abs($1.0 - $1.1)) }
                #expect(worst <= 1e-6, "\(key)")
            }
        }
    }

    @Test func frozenWeightsStayAndGroupsHaveTheirRates() throws {
        try withTemporaryFolder { folder in
            try run(
                TrainingFixtures.recipe(
                    .finetune, output: folder, steps: 3,
                    [
                        "model.freeze=['^visual\\.', norm]",
                        "optimizer.groups=[{match: 'layers\\.0\\.', learning_rate_scale: 0}]",
                    ]))
            let (start, end) = (
                try model(TrainingFixtures.checkpoint), try model(folder.appending(path: "model"))
            )
            for (key, values) in start {
                let isFixed =
                    key.hasPrefix("visual.") || key.contains("norm") || key.contains("layers.0.")
                    || key.hasPrefix("mae_")
                #expect((end[key] == values) == isFixed, "\(key)")
            }
            for override in ["model.freeze=[nowhere]", "optimizer.groups=[{match: nowhere}]"] {
                let recipe = try TrainingFixtures.recipe(
                    .finetune, output: folder.appending(path: "b"), steps: 1, [override])
                #expect(throws: ParameterError.self) { try run(recipe) }
            }
        }
    }

    @Test func theFinalModelIsTheAverage() throws {
        try withTemporaryFolder { folder in
            let (plain, averaged) = (folder.appending(path: "a"), folder.appending(path: "b"))
            try run(TrainingFixtures.recipe(.finetune, output: plain))
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: averaged, ["optimizer.ema_decay=0.9"])
            #expect(throws: Killed.self) { try run(recipe, killedAt: 6) }
            try run(recipe)
            #expect(try weights(plain) == weights(averaged, "model-raw"))
            #expect(try weights(plain) != weights(averaged))
            let state = try SafetensorsFile(
                mapping: averaged.appending(path: "checkpoint-8/optimizer.safetensors"))
            let key = "model.norm.weight"
            let average = try #require(try Tensor("\(key).average", in: state))
            #expect(try model(averaged.appending(path: "model"))[key] == average.array())
        }
    }

    /// Weights of 16 bits with masters continue bit for bit too.
    @Test(arguments: TrainingFixtures.isLong ? ["bfloat16", "float16"] : ["bfloat16"])
    func narrowWeightsContinueBitForBit(dtype: String) throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            try run(
                TrainingFixtures.recipe(
                    .finetune, output: whole, ["runtime.dtype=\(dtype)"]))
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: broken, ["runtime.dtype=\(dtype)"])
            #expect(throws: Killed.self) { try run(recipe, killedAt: 4) }
            try run(recipe)
            #expect(try weights(whole) == weights(broken))
            #expect(try TrainingFixtures.metrics(whole) == TrainingFixtures.metrics(broken))
            let names = try SafetensorsFile(
                mapping: whole.appending(path: "checkpoint-8/optimizer.safetensors")
            ).names
            #expect(names.contains("model.norm.weight.master"))
            let metrics = try TrainingFixtures.metrics(whole)
            #expect(metrics.allSatisfy { $0.contains("\"loss_scale\"") == (dtype == "float16") })
        }
    }

    /// A scale that is far too large: steps are skipped and counted until it fits.
    @Test func overflowsAreSkippedAndCounted() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: folder, steps: 4,
                [
                    "runtime.dtype=float16", "objective.temperature=0.00001",
                    "logging.every_steps=1",
                ])
            var skipped = 0
            try TrainingRun(
                recipe, say: { _ in },
                onLog: { report in
                    let count = report.overflowedStepCount ?? 0
                    // An overflow has no norm, and no part in a mean.
                    #expect(report.gradientNorm.isNaN == (count > skipped))
                    skipped = count
                }
            ).run()
            let state = try Checkpoint(opening: folder.appending(path: "checkpoint-4"))
                .readState()
            let scale = try #require(state.lossScale)
            #expect(scale.skippedSteps > 0)
            #expect(scale.factor == 65_536 / Double(1 << scale.skippedSteps))
            #expect(state.step == 4)
        }
    }

    /// What fine-tuning does not use is in the final model all the same.
    @Test func headsAndOutputMatrixAreCarriedThrough() throws {
        try withTemporaryFolder { folder in
            let source = folder.appending(path: "untied")
            try FileManager.default.copyItem(at: TrainingFixtures.checkpoint, to: source)
            var configuration = try PretrainedModel.configuration(of: source, names: [:])
            configuration.isTied = false
            try PretrainedModel.writeFresh(
                configuration, seed: 1, scheme: .fixed(deviation: 0.02), dtype: .float32,
                purpose: .pretraining, to: source)
            let output = folder.appending(path: "out")
            try run(
                TrainingFixtures.recipe(
                    .finetune, output: output, steps: 1, ["model.path=\(source.path)"]))
            let (start, end) = (try model(source), try model(output.appending(path: "model")))
            #expect(Set(start.keys) == Set(end.keys))
            for key in ["lm_head.weight", "mae_proj.weight", "mae_decoder.mlp.up_proj.weight"] {
                #expect(start[key] == end[key], "\(key)")
            }
            // It can be pre-trained further.
            try run(
                TrainingFixtures.recipe(
                    .pretrain, output: folder.appending(path: "more"), steps: 1,
                    ["model.path=\(output.appending(path: "model").path)"]))
        }
    }

    /// Layers that are computed again draw the same dropout.
    @Test func checkpointedLayersTrainAlike() throws {
        try withTemporaryFolder { folder in
            let outcomes = try ["none", "selective", "full"].map { checkpointing in
                let output = folder.appending(path: checkpointing)
                let recipe = try TrainingFixtures.recipe(
                    .pretrain, output: output, steps: 2,
                    ["runtime.activation_checkpointing=\(checkpointing)", Self.lora])
                try run(recipe)
                #expect(try parse(recipe.yaml(), .pretrain) == recipe)
                return (try weights(output), try TrainingFixtures.metrics(output))
            }
            for outcome in outcomes.dropFirst() { #expect(outcome == outcomes[0]) }
        }
    }

    private func parse(_ text: String, _ stage: Recipe.Stage) throws -> Recipe {
        try Recipe(
            parsing: text, file: URL(fileURLWithPath: "/r.yaml"), stage: stage,
            workingFolder: URL(fileURLWithPath: "/"))
    }

    @Test func keysAboutParametersAreReadAndWritten() throws {
        let folder = URL(fileURLWithPath: "/out")
        let recipe = try TrainingFixtures.recipe(
            .finetune, output: folder,
            [
                "lora={rank: 16, alpha: 64, dropout: 0.1, init: gaussian, "
                    + "target_modules: '.*\\.(q|k)_proj'}",
                "model.freeze=['^visual\\.']", "optimizer.ema_decay=0.999",
                "optimizer.groups=[{match: '.*bias$', weight_decay: 0}, {match: x, "
                    + "learning_rate_scale: 0.1}]", "runtime.master_weights=false",
                "runtime.dtype=bfloat16",
            ])
        #expect(recipe.lora?.targets == .pattern(KeyPattern(".*\\.(q|k)_proj")!))
        #expect(recipe.optimizer.adamW.groups.map(\.weightDecay) == [0, nil])
        #expect(!recipe.runtime.usesMasterWeights)
        #expect(try parse(recipe.yaml(), .finetune) == recipe)
        for (override, problem) in [
            ("lora={rank: 4, alpha: 8}", "lora.target_modules is missing"),
            ("lora={rank: 4, alpha: 8, target_modules: '('}", "which is no regular expression"),
            ("optimizer.groups=[{learning_rate_scale: 2}]", "optimizer.groups[0].match is missing"),
            ("optimizer.groups=[{match: a, rate: 2}]", "optimizer.groups[0].rate is unknown"),
            ("optimizer.ema_decay=1", "optimizer.ema_decay is 1"),
            ("runtime.recompute=true", "runtime.recompute is unknown"),
        ] {
            var message = ""
            do {
                _ = try TrainingFixtures.recipe(.finetune, output: folder, [override])
            } catch let error as TrainingError {
                message = error.oneLine
            }
            #expect(message.contains(problem), "\(override)")
        }
    }
}
