import MoCaCore
import Foundation
import MoCaData
import MoCaObjectives
import MoCaTestSupport
import NN
import Testing
import Torch
@testable import MoCaTraining

@Suite struct RecipeTests {
    private let folder = URL(fileURLWithPath: "/recipes", isDirectory: true)

    private func parse(
        _ text: String, _ stage: Recipe.Stage = .finetune, _ overrides: [String] = []
    ) throws -> Recipe {
        try Recipe(
            parsing: text, file: folder.appending(path: "x.yaml"), stage: stage,
            overrides: overrides, workingFolder: URL(fileURLWithPath: "/here", isDirectory: true))
    }

    private func problems(
        _ text: String, _ stage: Recipe.Stage = .finetune, _ overrides: [String] = []
    ) throws -> [String] {
        do {
            _ = try parse(text, stage, overrides)
            return []
        } catch TrainingError.badRecipe(_, let problems) {
            return problems.map(\.description)
        }
    }

    private let smallest = """
        output_dir: ../runs/a
        model: {path: ../models/nano}
        data: {folders: [../data/x, /data/y]}
        objective: {temperature: 0.03}
        batch: {size: 24}
        optimizer: {learning_rate: 2.0e-5}
        schedule: {total_steps: 100}
        """

    /// Values that would leave nothing to train on, or overflow later.
    @Test func valuesThatNoRunCanUseAreNamed() throws {
        let text = """
            output_dir: runs/x
            model: {path: ../models/m}
            data: {folders: [a], weights: {a: 0}, min_pixels: 9000000000000000000}
            objective: {mlm_ratio: 0.4, mae_ratio: 0.5, mae_weight: 0.1}
            batch: {tokens: 8, accumulation: 16}
            optimizer: {learning_rate: 1.0e-3, betas: [0.9, abc]}
            schedule: {total_steps: 9223372036854775807}
            """
        do {
            _ = try parse(text, .pretrain)
            Issue.record("the recipe was read")
        } catch TrainingError.badRecipe(_, let problems) {
            let found = problems.map(\.description)
            for part in [
                "data.weights leaves no subset", "data.min_pixels is '9000000000000000000'",
                "batch.tokens is 8, must not be below accumulation", "optimizer.betas must be",
                "schedule.total_steps is '9223372036854775807'",
            ] {
                #expect(found.contains { $0.hasPrefix(part) }, "\(part): \(found)")
            }
        }
    }

    @Test func aMissingRecipeIsAMissingFile() {
        let file = folder.appending(path: "absent.yaml")
        #expect(throws: TrainingError.missingRecipe(file: file.path)) {
            try Recipe(reading: file, stage: .finetune)
        }
    }

    @Test func shippedRecipesReadAndReadBack() throws {
        let recipes = Repository.root.appending(path: "recipes")
        let names = try FileManager.default.contentsOfDirectory(atPath: recipes.path)
        for name in ["debug", "nano"] {
            for stage in Recipe.Stage.allCases {
                #expect(names.contains("\(name)-\(stage.rawValue).yaml"))
            }
        }
        for size in ["3b", "7b"] {
            for stage in Recipe.Stage.allCases {
                for source in ["paper", "released-code"] {
                    #expect(names.contains("moca-\(size)-\(stage.rawValue)-\(source).yaml"))
                }
            }
        }
        for name in names where name.hasSuffix(".yaml") {
            let stage: Recipe.Stage = name.contains("pretrain") ? .pretrain : .finetune
            let recipe = try Recipe(reading: recipes.appending(path: name), stage: stage)
            #expect(try parse(recipe.yaml(), stage) == recipe, "\(name)")
        }
    }

    @Test func paperAndReleasedCodeDifferWhereTheTableSaysSo() throws {
        let recipes = Repository.root.appending(path: "recipes")
        func read(_ name: String, _ stage: Recipe.Stage) throws -> Recipe {
            try Recipe(reading: recipes.appending(path: "\(name).yaml"), stage: stage)
        }
        let paper = try read("moca-3b-pretrain-paper", .pretrain)
        let code = try read("moca-3b-pretrain-released-code", .pretrain)
        guard case .reconstruction(let described) = paper.objective,
            case .reconstruction(let released) = code.objective
        else { throw CancellationError() }
        #expect((described.loss.tokenTarget, released.loss.tokenTarget) == (.previous, .own))
        #expect((described.masking.mlmRatio, released.masking.mlmRatio) == (0.4, 0.4))
        #expect((described.masking.maeRatio, released.masking.maeRatio) == (0.5, 0.5))
        #expect((described.loss.maeWeight, released.loss.maeWeight) == (0.5, 0.1))
        #expect((described.masking.noise, released.masking.noise) == (.perPatch, .shared))
        #expect((paper.data.maxLength, code.data.maxLength) == (2048, 1280))
        #expect(code.schedule.warmupShape == .log)
        let paperTuning = try read("moca-3b-finetune-paper", .finetune)
        let codeTuning = try read("moca-3b-finetune-released-code", .finetune)
        guard case .contrastive(let one) = paperTuning.objective,
            case .contrastive(let other) = codeTuning.objective
        else { throw CancellationError() }
        #expect((one.loss.hardNegativeScope, other.loss.hardNegativeScope) == (.batch, .own))
        #expect((one.isTaskHomogeneous, other.isTaskHomogeneous) == (true, false))
        #expect((paperTuning.batch.stepAmount, codeTuning.batch.stepAmount) == (2048, 24))
        #expect(
            (paperTuning.optimizer.learningRate, codeTuning.optimizer.learningRate)
                == (1e-5, 2e-5))
    }

    @Test func defaultsAndPaths() throws {
        let recipe = try parse(smallest)
        #expect(recipe.seed == 0)
        #expect(recipe.resume == .auto)
        #expect(recipe.outputFolder.path == "/runs/a")
        #expect(recipe.model == .path(URL(fileURLWithPath: "/models/nano")))
        #expect(recipe.data.folders.map(\.path) == ["/data/x", "/data/y"])
        #expect(recipe.batch.accumulation == 1)
        #expect(recipe.optimizer.adamW == AdamW.Settings())
        #expect(recipe.runtime.device == nil)
        #expect(try parse(recipe.yaml()) == recipe)
    }

    @Test func overridesAreRelativeToTheWorkingFolder() throws {
        let recipe = try parse(
            smallest, .finetune,
            [
                "output_dir=out", "data.folders=[a, ../b]", "schedule.total_steps=5",
                "data.prompts.remove=[\"Find: \"]", "runtime.device=cuda:1", "resume=runs/c",
                "objective.hard_negatives=2",
            ])
        #expect(recipe.outputFolder.path == "/here/out")
        #expect(recipe.data.folders.map(\.path) == ["/here/a", "/b"])
        #expect(recipe.model == .path(URL(fileURLWithPath: "/models/nano")))
        #expect(recipe.schedule.totalSteps == 5)
        #expect(recipe.data.prompts.removed == ["Find: "])
        #expect(recipe.runtime.device == Device(.cuda, index: 1))
        #expect(recipe.resume == .from(URL(fileURLWithPath: "/here/runs/c")))
    }

    @Test func allProblemsAreNamedAtOnce() throws {
        let text = """
            seed: -1
            output_dir: ../runs/a
            modle: {path: x}
            data: {folders: [], weights: {A: -1}, truncation: middle, min_pixels: 9, max_pixels: 4}
            objective: {temperature: hot, mlm_ratio: 0.4}
            batch: {size: 10, accumulation: 3}
            optimizer: {learning_rate: 2.0e-5, betas: [0.9, 2]}
            schedule: 7
            runtime: {device: tpu, dtype: int8, threads: {}}
            """
        let known =
            "batch, checkpoint, data, evaluation, logging, lora, model, objective, optimizer, "
            + "output_dir, "
        let found = try problems(text)
        #expect(
            found == [
                "seed is '-1', must be an integer of at least 0",
                "model.path is missing, must be a folder; or give initialize",
                "data.folders is an empty list",
                "data.weights.A is '-1', must be a number of at least 0",
                "data.min_pixels is 9, must not be over max_pixels 4",
                "data.truncation is 'middle', must be one of end, error, reference",
                "objective.temperature is 'hot', must be a positive number",
                "batch.size is 10, must be a multiple of accumulation",
                "optimizer.betas must be a list of two numbers, each at least 0 and below 1",
                "schedule must be a mapping of keys to values",
                "schedule.total_steps is missing, must be an integer in 1...1073741824",
                "runtime.device is 'tpu', must be auto, cpu, cuda, cuda:N or mps",
                "runtime.dtype is 'int8', must be auto, float32, bfloat16 or float16",
                "runtime.threads must be a single value",
                "modle is unknown, did you mean model? (known here: \(known)resume, runtime, schedule, seed)",
                "objective.mlm_ratio is unknown (known here: attention, distillation_temperature, "
                    + "distillation_weight, false_negative_margin, "
                    + "false_negative_margin_strategy, hard_negative_scope, hard_negatives, "
                    + "mask_repeated_positives, mask_same_target, matryoshka_dimensions, "
                    + "matryoshka_weights, pooling, quantization_aware, quantization_weights, "
                    + "symmetric, task_homogeneous, temperature, temperature_learned)",
            ])
    }

    @Test func stagesHaveKeysOfTheirOwn() throws {
        let keys = ["objective={mae_ratio: 0.5}", "batch={tokens: 64}"]
        #expect(
            try problems(smallest, .pretrain, keys).contains(
                "objective.mlm_ratio is missing, must be in 0...1"))
        #expect(throws: TrainingError.otherStage(file: "/recipes/x.yaml", stage: .finetune)) {
            try parse(smallest, .pretrain)
        }
        #expect(try problems(smallest, .finetune, ["batch.tokens=5"]).count == 1)
        #expect(
            try problems(smallest, .finetune, ["model.initialize.config=x"])
                == ["model.path and initialize exclude each other"])
    }

    @Test func orderKeysReadAndReadBack() throws {
        let recipe = try parse(
            smallest, .finetune,
            [
                "data.mixture={temperature: 2, cap: 50_000}", "data.quarantine=bad.jsonl",
                "data.on_error=skip", "data.max_error_rate=0.02", "runtime.data_workers=2",
            ])
        #expect(recipe.data.mixture == Mixture(.temperature(2), cap: 50_000))
        #expect(recipe.data.quarantine?.path == "/here/bad.jsonl")
        #expect(recipe.data.errorPolicy == .skip(maxErrorRate: 0.02))
        #expect(recipe.runtime.dataWorkers == 2)
        #expect(try parse(recipe.yaml()) == recipe)
        let turns = try parse(smallest, .finetune, ["data.sampler=round_robin"])
        #expect(turns.data.mixture == Mixture(.roundRobin))
        #expect(try parse(turns.yaml()) == turns)
        #expect(try parse(smallest).data.mixture == .proportional)
        #expect(try parse(smallest).data.errorPolicy == .stop)
        let weighted = try parse(smallest, .finetune, ["data.weights={x: 1, y: 0}"])
        #expect(weighted.data.mixture == .weights(["x": 1]))
        let pretraining = smallest.replacing("temperature: 0.03", with: reconstruction)
            .replacing("size: 24", with: "tokens: 100")
        #expect(try parse(pretraining, .pretrain).batch.packing == .firstFit(window: 128))
        for (override, packing) in [
            ("batch.window=9", Packing.firstFit(window: 9)),
            ("batch.packing=cost_bins", .costBins),
        ] {
            let recipe = try parse(pretraining, .pretrain, [override])
            #expect(recipe.batch.packing == packing)
            #expect(try parse(recipe.yaml(), .pretrain) == recipe)
        }
        #expect(
            try problems(
                pretraining, .pretrain, ["batch={tokens: 9, window: 4, packing: cost_bins}"])
                == ["batch.window needs batch.packing: tokens"])
    }

    private let reconstruction = "mlm_ratio: 0.4, mae_ratio: 0.5, mae_weight: 0.5"

    @Test func orderKeysThatExcludeEachOtherAreNamed() throws {
        #expect(
            try problems(
                smallest, .finetune,
                [
                    "data.weights={x: 1, y: 1}", "data.mixture={temperature: 2, cap: 5, T: 1}",
                    "data.sampler=round_robin", "data.max_error_rate=0.5",
                ]) == [
                    "data.mixture.temperature and data.weights exclude each other",
                    "data.mixture.cap and data.weights exclude each other",
                    "data.sampler is round_robin, which data.weights exclude",
                    "data.sampler is round_robin, which data.mixture.temperature excludes",
                    "data.max_error_rate needs data.on_error: skip",
                    "data.mixture.T is unknown (known here: cap, temperature)",
                ])
        #expect(
            try problems(
                smallest, .finetune,
                [
                    "data.mixture={temperature: 0, cap: 0}", "data.sampler=random",
                    "data.on_error=ignore",
                ]) == [
                    "data.mixture.temperature is '0', must be a positive number",
                    "data.mixture.cap is '0', must be an integer of at least 1",
                    "data.sampler is 'random', must be one of proportional, round_robin",
                    "data.on_error is 'ignore', must be one of stop, skip",
                ])
    }

    @Test func badPromptsAreNamed() throws {
        #expect(
            try problems(smallest, .finetune, ["data.prompts.query='Find'"]) == [
                "data.prompts.query is 'Find', must have {text} or {image}, each at most once"
            ])
    }

    @Test func badTextAndOverrides() throws {
        #expect(throws: TrainingError.self) { try parse("a: [1") }
        #expect(throws: TrainingError.self) { try parse("a: 1\na: 2") }
        for override in ["steps", "=1", "a..b=1", "a=[1"] {
            #expect(throws: TrainingError.self) { try parse(smallest, .finetune, [override]) }
        }
    }

    @Test func decisiveTextLeavesOutWhatMayChange() throws {
        let one = try parse(smallest)
        let same = try parse(
            smallest, .finetune,
            [
                "output_dir=x", "checkpoint.every_steps=3", "resume=never", "runtime.prefetch=5",
                "logging.health_every_steps=3", "logging.tensorboard=false",
            ])
        let other = try parse(smallest, .finetune, ["optimizer.learning_rate=1"])
        #expect(try one.decisiveText() == same.decisiveText())
        #expect(try one.decisiveText() != other.decisiveText())
    }
}
