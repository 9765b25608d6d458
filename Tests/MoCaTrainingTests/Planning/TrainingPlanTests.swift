import MoCaCore
import Foundation
import MoCaModel
import MoCaRunLog
import MoCaTestSupport
import NN
import Testing
import Torch

@testable import MoCaTraining

/// What a run is said to need, beside what it takes.
@Suite(.serialized) struct TrainingPlanTests {
    /// A folder with the tiny model's tokenizer and a configuration of other sizes.
    private func model(
        in folder: URL, width: Int, layers: Int, intermediate: Int
    ) throws -> URL {
        let target = folder.appending(path: "model-\(width)")
        try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
        for name in ["tokenizer.json", "tokenizer_config.json", "preprocessor_config.json"] {
            try FileManager.default.copyItem(
                at: TrainingFixtures.checkpoint.appending(path: name),
                to: target.appending(path: name))
        }
        var configuration = try #require(
            PretrainedModel.configuration(of: TrainingFixtures.checkpoint, names: [:])
                as? Qwen25VLConfiguration)
        configuration.text.hiddenSize = width
        configuration.text.layerCount = layers
        configuration.text.intermediateSize = intermediate
        configuration.vision.outHiddenSize = width
        let half = width / configuration.text.headCount / 2
        configuration.text.mropeSection = [half / 4, 3 * half / 8, half - half / 4 - 3 * half / 8]
        try configuration.fileData().write(to: target.appending(path: "config.json"))
        return target
    }

    private func recipe(
        _ stage: Recipe.Stage, _ output: URL, model: URL, _ overrides: [String] = []
    ) throws -> Recipe {
        try TrainingFixtures.recipe(
            stage, output: output,
            ["model={initialize: {config: \(model.path)}}"] + overrides)
    }

    /// Every recipe of 3B and 7B, planned with the shapes of Qwen2.5-VL and a little data.
    @Test(arguments: ["3b", "7b"], Recipe.Stage.allCases)
    func shippedRecipesArePlanned(size: String, stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            let model = try qwen(size, in: folder)
            let data =
                stage == .pretrain ? "cpt/captions" : "mmeb-train/OpenClipart_t2i"
            let recipes = Repository.root.appending(path: "recipes")
            for source in ["paper", "released-code"] {
                let name = "moca-\(size)-\(stage.rawValue)-\(source).yaml"
                let recipe = try Recipe(
                    reading: recipes.appending(path: name), stage: stage,
                    overrides: [
                        "model={initialize: {config: \(model.path)}}",
                        "data.folders=[\(TrainingFixtures.data.appending(path: data).path)]",
                        "data.images=\(TrainingFixtures.images.path)", "output_dir=\(folder.path)",
                        "runtime.device=cpu",
                    ])
                let plan = try TrainingPlan(recipe)
                // As the model cards say, and the heads of pre-training.
                let expected =
                    size == "3b" ? 3_700_000_000...4_000_000_000 : 7_500_000_000...9_000_000_000
                #expect(expected.contains(plan.needs.parameters), "\(name)")
                #expect(plan.steps == recipe.schedule.totalSteps && plan.subsets.count == 1)
                let memory = plan.needs.memory
                // 2 bytes of weights, 4 of gradients, of a master and of two moments.
                let bytes = memory.weights + memory.gradients + memory.moments
                #expect(bytes == 18 * plan.needs.parameters, "\(name)")
                // Eight devices of 80 GB keep a fifth for activations.
                let share = plan.needs.rankTable.first { $0.count == 8 && $0.zeroStage == 1 }
                #expect(try #require(share).states < 65_000_000_000, "\(name)")
                #expect(recipe.runtime.sharding == (size == "7b" ? .states : .none), "\(name)")
            }
        }
    }

    /// The tiny model's files with the sizes of Qwen2.5-VL.
    private func qwen(_ size: String, in folder: URL) throws -> URL {
        let is3B = size == "3b"
        let target = try model(
            in: folder, width: is3B ? 2048 : 3584, layers: is3B ? 36 : 28,
            intermediate: is3B ? 11_008 : 18_944)
        let file = target.appending(path: "config.json")
        // The numbers of Qwen2.5-VL are the image processor's own.
        try Data("{}".utf8).write(to: target.appending(path: "preprocessor_config.json"))
        var configuration = try #require(
            PretrainedModel.configuration(of: target, names: [:]) as? Qwen25VLConfiguration)
        configuration.text.headCount = is3B ? 16 : 28
        configuration.text.keyValueHeadCount = is3B ? 2 : 4
        configuration.text.mropeSection = [16, 24, 24]
        configuration.text.vocabularySize = is3B ? 151_936 : 152_064
        configuration.text.tieWordEmbeddings = is3B
        configuration.vision.depth = 32
        configuration.vision.hiddenSize = 1280
        configuration.vision.headCount = 16
        configuration.vision.intermediateSize = 3420
        configuration.vision.patchSize = 14
        configuration.vision.windowSize = 112
        configuration.vision.fullAttentionBlockIndexes = [7, 15, 23, 31]
        try configuration.fileData().write(to: file)
        return target
    }

    @Test func aRunThatCannotFitSaysWhichSettingsTakeLess() throws {
        try withTemporaryFolder { folder in
            let large = try model(in: folder, width: 8192, layers: 80, intermediate: 32_768)
            let recipe = try recipe(.pretrain, folder, model: large)
            let needs = try TrainingNeeds(recipe)
            #expect(needs.parameters > 70_000_000_000)
            #expect(needs.memory.moments == 2 * needs.memory.weights)
            guard
                case .doesNotFit("memory", let needed, let limit, let remedies) =
                    needs.problem(recipe)
            else {
                Issue.record("it fits")
                return
            }
            #expect(needed == needs.memory.onHost && limit == needs.memoryLimit)
            #expect(remedies.contains("runtime.dtype: bfloat16"))
            #expect(remedies.contains("checkpoint.asynchronous: false"))
            #expect(throws: TrainingError.self) { try needs.check(recipe) }
            func advice(_ runtime: String) throws -> [String] {
                let recipe = try self.recipe(
                    .pretrain, folder, model: large, ["runtime={\(runtime)}"])
                return try TrainingNeeds(recipe).modelRemedies(recipe)
            }
            // The type that weights have counts, whether the recipe names it or not.
            let (narrower, sums) = ("runtime.dtype: bfloat16", "runtime.float32_gradients: false")
            let cases: [(runtime: String, expected: [String])] = [
                ("device: cpu", [narrower]), ("device: cpu, dtype: bfloat16", [sums]),
                ("device: cpu, dtype: bfloat16, float32_gradients: false", []),
            ]
            for (runtime, expected) in cases {
                let found = try advice(runtime).filter { [narrower, sums].contains($0) }
                #expect(found == expected, "\(runtime)")
            }
        }
    }

    /// Scoring averages takes the weights once more.
    @Test func weightsAreSetAsideForAverages() throws {
        try withTemporaryFolder { folder in
            let average = "optimizer.ema_decay=0.9"
            let aside = try [[average], [average, "evaluation={mmeb: /nowhere}"]].map { keys in
                try TrainingNeeds(TrainingFixtures.recipe(.finetune, output: folder, keys))
            }
            let (plain, scored) = (aside[0].memory, aside[1].memory)
            #expect(plain.weightsAside == 0 && scored.weightsAside == scored.weights)
            #expect(scored.onHost == plain.onHost + scored.weights)
        }
    }

    @Test func activationsAreTheCostOfAWrongBatch() throws {
        try withTemporaryFolder { folder in
            let small = try model(in: folder, width: 256, layers: 8, intermediate: 1024)
            let recipe = try recipe(
                .pretrain, folder, model: small, ["batch={tokens: 50000000}"])
            guard
                case .doesNotFit("memory", _, _, let remedies) =
                    try TrainingNeeds(recipe).problem(recipe)
            else {
                Issue.record("it fits")
                return
            }
            #expect(remedies.first == "smaller batch.tokens or a larger batch.accumulation")
            let sane = try self.recipe(.pretrain, folder, model: small, ["batch.tokens=600"])
            #expect(try TrainingNeeds(sane).problem(sane) == nil)
        }
    }

    @Test func diskCountsWhatStays() throws {
        try withTemporaryFolder { folder in
            func bytes(_ checkpoint: String) throws -> Int {
                try TrainingNeeds(
                    TrainingFixtures.recipe(
                        .finetune, output: folder, steps: 100, ["checkpoint=\(checkpoint)"])
                ).diskBytes
            }
            let needs = try TrainingNeeds(
                TrainingFixtures.recipe(.finetune, output: folder, steps: 100))
            let (one, weights) = (needs.memory.checkpointOnDisk, needs.memory.weights)
            // The heads of pre-training, which the model carries along.
            let whole = try TrainingNeeds(
                TrainingFixtures.recipe(.pretrain, output: folder, steps: 100))
            let carried = whole.memory.weights - weights
            // `model/`, and a step that is kept because it is not finite.
            let rest = 2 * weights + carried
            #expect(try bytes("{every_steps: 10, keep: 2}") == 3 * one + rest)
            #expect(
                try bytes("{every_steps: 10, keep: 2, keep_every_steps: 50, best_metric: loss}")
                    == 6 * one + rest)
            #expect(try bytes("{every_steps: 100, keep: 2}") == one + rest)
            let averaged = try TrainingNeeds(
                TrainingFixtures.recipe(
                    .finetune, output: folder, steps: 100, ["optimizer.ema_decay=0.9"]))
            #expect(
                averaged.diskBytes
                    == 3 * averaged.memory.checkpointOnDisk + 3 * weights + 2 * carried)
        }
    }

    /// Checkpoints that are there already are not demanded again.
    @Test func aResumedRunHasItsCheckpoints() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(.finetune, output: folder, steps: 4)
            #expect(try TrainingNeeds(recipe).diskPresent == 0)
            try TrainingRun(recipe, say: { _ in }).run()
            var needs = try TrainingNeeds(recipe)
            #expect(needs.diskPresent >= 2 * needs.memory.checkpointOnDisk)
            needs.diskFree = needs.diskBytes - needs.diskPresent
            #expect(needs.problem(recipe) == nil)
            needs.diskFree = needs.diskBytes - needs.diskPresent - 1
            #expect(needs.problem(recipe) != nil)
        }
    }

    /// Of adapters in pre-training, the heads are trained whole.
    @Test func headsAreTrainedWholeBesideAdapters() throws {
        try withTemporaryFolder { folder in
            let keys = ["lora={rank: 2, alpha: 4, target_modules: [q_proj]}"]
            let adapted = try TrainingNeeds(
                TrainingFixtures.recipe(.pretrain, output: folder, keys))
            let plain = try TrainingNeeds(TrainingFixtures.recipe(.pretrain, output: folder))
            let start = try TrainingSetup(
                TrainingFixtures.recipe(.pretrain, output: folder, keys), resuming: nil)
            let trained = start.model.store.trainableParameters.reduce(0) {
                $0 + $1.tensor.shape.reduce(1, *)
            }
            #expect(adapted.trainedParameters == trained)
            #expect(adapted.parameters > plain.parameters)
        }
    }

    /// A batch of fine-tuning that cannot fit is refused before a step is measured, by what a few
    /// records of each subset cost.
    @Test func fineTuningThatCannotFitIsRefused() throws {
        try withTemporaryFolder { folder in
            let words = "data.folders=[\(TrainingFixtures.data.path)/mmeb-train/WordNet_def2word]"
            let keys = [words, "data.weights=null", "data.max_length=null"]
            func plan(_ batch: String) throws -> (plan: TrainingPlan, recipe: Recipe) {
                let recipe = try TrainingFixtures.recipe(
                    .finetune, output: folder, keys + ["batch=\(batch)"])
                return (try TrainingPlan(recipe), recipe)
            }
            let (large, recipe) = try plan("{size: 1000000}")
            guard
                case .doesNotFit("memory", let needed, _, let remedies) =
                    large.needs.problem(recipe)
            else {
                Issue.record("it fits")
                return
            }
            #expect(needed == large.needs.memory.onHost)
            #expect(remedies.first == "batch.mini_batch_tokens: 4096")
            let pieces = try plan("{size: 1000000, mini_batch_tokens: 4096}")
            #expect(pieces.plan.needs.problem(pieces.recipe) == nil)
            // Counted by the sources of a run.
            let cost = try #require(large.costs?.subsets.first)
            #expect(cost.sampleCount == 64 && cost.unusableCount == 0)
            #expect(cost.query.tokens > 3 && cost.record.patches == 0)
            let tokens = try #require(large.tokens)
            #expect(abs(Double(tokens) / (8e6 * cost.record.tokens) - 1) < 1e-6)
        }
    }

    /// What another device has too little of is said of the device.
    @Test func aDeviceIsComparedByItself() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                .pretrain, output: folder, ["batch={tokens: 50000000}"])
            var needs = try TrainingNeeds(recipe)
            needs.memory.isOnDevice = true
            needs.memoryLimit = .max
            needs.deviceMemoryLimit = needs.memory.onDevice
            #expect(needs.problem(recipe) == nil)
            needs.deviceMemoryLimit = needs.memory.onDevice - 1
            guard
                case .doesNotFit("device memory", needs.memory.onDevice, _, let remedies) =
                    needs.problem(recipe)
            else {
                Issue.record("it fits")
                return
            }
            #expect(remedies.first == "smaller batch.tokens or a larger batch.accumulation")
            #expect(needs.lines.contains { $0.hasPrefix("device memory: ") })
            #expect(DeviceMemory(of: .cpu) == nil)
        }
    }

    /// Epochs are rows drawn over rows there are, and a number of steps before anything else.
    @Test func epochsAreSteps() throws {
        try withTemporaryFolder { folder in
            let keys = ["schedule={epochs: 0.1, warmup_ratio: 0.25}", "data.weights=null"]
            let recipe = try TrainingFixtures.recipe(.finetune, output: folder, keys)
            let rows = try TrainingPlan(recipe.resolvingEpochs()).subsets.reduce(0) { $0 + $1.rows }
            let steps = (rows + 79) / 80
            let resolved = try recipe.resolvingEpochs()
            #expect(resolved.schedule.totalSteps == steps && resolved.schedule.epochs == nil)
            #expect(try resolved.yaml().contains("total_steps: \(steps)"))
            var last: MetricsRow?
            try TrainingRun(recipe, say: { _ in }, onLog: { last = $0 }).run()
            #expect(last?.step == steps)
            #expect((last?.epoch ?? 0) >= 0.1 && (last?.epoch ?? 1) < 0.1 + 8 / Double(rows))
            for (stage, schedule, key) in [
                (Recipe.Stage.finetune, "{epochs: 1, total_steps: 4}", "epochs"),
                (.finetune, "{kind: linear}", "total_steps"),
                (.pretrain, "{epochs: 1}", "epochs"),
            ] {
                #expect {
                    try TrainingFixtures.recipe(
                        stage, output: folder, ["schedule=\(schedule)"])
                } throws: { error in
                    guard case .badRecipe(_, let problems) = error as? TrainingError else {
                        return false
                    }
                    return problems.map(\.keyPath) == ["schedule.\(key)"]
                }
            }
        }
    }

    /// The run folder stays as it is, and the figures are those of real steps.
    @Test(arguments: Recipe.Stage.allCases)
    func stepsAreMeasuredOutsideTheRunFolder(stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            let output = folder.appending(path: "run")
            let recipe = try TrainingFixtures.recipe(stage, output: output)
            let measured = try StepMeasurement(recipe)
            #expect(!FileManager.default.fileExists(atPath: output.path))
            #expect(measured.secondsAStep > 0 && measured.tokensAStep > 100)
            if stage == .finetune { #expect(measured.samplesAStep == 8) }
            var plan = try TrainingPlan(recipe)
            plan.measurement = measured
            let lines = plan.lines(stage)
            #expect(
                lines[0].hasPrefix("parameters: ") && lines[0].hasSuffix(", all of them trained"))
            #expect(lines.contains { $0.hasPrefix("memory: ") && $0.contains(" of activations") })
            #expect(lines.contains { $0.hasPrefix("disk: ") && $0.hasSuffix(" free") })
            #expect(lines.contains { $0.hasPrefix("a step, measured: ") })
            #expect(lines.contains { $0.hasPrefix("time: ") && $0.hasSuffix(" for 8 steps") })
        }
    }

    /// Activations by formula beside the memory of a real step, in a process of its own.
    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: KilledProcessTests.program.path)))
    func memoryIsWhatAStepTakes() throws {
        try withTemporaryFolder { folder in
            let config = try model(in: folder, width: 256, layers: 8, intermediate: 1024)
            let output = folder.appending(path: "run")
            let words = "[\(TrainingFixtures.data.path)/mmeb-train/WordNet_def2word]"
            let overrides = [
                "model={initialize: {config: \(config.path)}}", "data.folders=\(words)",
                "data.weights=null", "batch={size: 32, accumulation: 1}", "data.max_length=256",
                "checkpoint.asynchronous=false",
            ]
            let file = folder.appending(path: "recipe.yaml")
            try TrainingFixtures.text(.finetune, output: output).write(
                to: file, atomically: true, encoding: .utf8)
            let process = Process()
            process.executableURL = KilledProcessTests.program
            process.arguments = ["finetune", "--config", file.path, "--plan"] + overrides
            // What an allocator keeps for each thread depends on the load of the machine.
            process.environment = ProcessInfo.processInfo.environment.merging(
                ["MALLOC_ARENA_MAX": "1"]) { $1 }
            let printed = Pipe()
            process.standardOutput = printed
            try process.run()
            let text = String(
                decoding: printed.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            let found = try #require(text.firstMatch(of: /, ([0-9]+) tokens, ([0-9.]+) GB at most/))
            let (tokens, measured) = (
                try #require(Int(found.1)), try #require(Double(found.2))
            )
            let recipe = try Recipe(
                reading: file, stage: .finetune, overrides: overrides)
            let configuration = try PretrainedModel.configuration(of: config, names: [:])
            let needs = try TrainingNeeds(recipe)
            let estimate = MemoryEstimate(
                recipe, configuration, parameters: needs.parameters,
                trained: needs.trainedParameters,
                passes: [.init(tokens: tokens, patches: 0)])
            let ratio = Double(estimate.onHost) / 1e9 / measured
            #expect((0.5...1.25).contains(ratio), "\(ratio): \(estimate), \(text)")
            // As the plan says it, from a few records.
            let planned = Double(try TrainingPlan(recipe).needs.memory.onHost) / 1e9 / measured
            #expect((0.5...1.5).contains(planned), "\(planned): \(text)")
        }
    }
}
