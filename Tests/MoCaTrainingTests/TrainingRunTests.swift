import MoCaProcessing
import MoCaImage
import Foundation
import MoCaCore
import MoCaModel
import MoCaObjectives
import MoCaRunLog
import MoCaTestSupport
import NN
import Safetensors
import Testing
import Torch

@testable import MoCaTraining

/// Whole runs of a tiny model, serialised: they set libtorch's threads.
@Suite(.serialized) struct TrainingRunTests {
    private struct Killed: Error {}

    private func weights(_ folder: URL) throws -> Data {
        try Data(contentsOf: folder.appending(path: "model/model.safetensors"))
    }

    private func run(
        _ recipe: Recipe, shouldStop: @escaping () -> Bool = { false },
        onLog: @escaping (MetricsRow) throws -> Void = { _ in }
    ) throws {
        try TrainingRun(recipe, say: { _ in }, shouldStop: shouldStop, onLog: onLog).run()
    }

    /// Stopped without warning after step 6 was logged (its checkpoint is of step 3), and again
    /// between checkpoints; then the same command.
    @Test(arguments: Recipe.Stage.allCases)
    func aKilledRunContinuesBitForBit(stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            try run(TrainingFixtures.recipe(stage, output: whole))
            let recipe = try TrainingFixtures.recipe(stage, output: broken)
            for step in [2, 6, 8] {
                #expect(throws: Killed.self) {
                    try run(recipe, onLog: { if $0.step == step { throw Killed() } })
                }
            }
            // The line that a killed process did not finish.
            let metrics = try FileHandle(forWritingTo: broken.appending(path: "metrics.jsonl"))
            try metrics.seekToEnd()
            try metrics.write(contentsOf: Data("{\"step\": 8, \"lo".utf8))
            try run(recipe)
            #expect(try weights(whole) == weights(broken))
            #expect(try TrainingFixtures.metrics(whole) == TrainingFixtures.metrics(broken))
            #expect(try TrainingFixtures.metrics(whole).count == 4)
            #expect(try Checkpoint.all(in: whole).map(\.step) == [6, 8])
            #expect(try Checkpoint.all(in: broken).map(\.step) == [6, 8])
        }
    }

    @Test func aSignalSavesAndEnds() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(.finetune, output: folder, steps: 5)
            var asked = 0
            #expect(
                throws: TrainingError.interrupted(
                    step: 2, checkpoint: folder.appending(path: "checkpoint-2").path)
            ) {
                try run(
                    recipe,
                    shouldStop: {
                        asked += 1
                        return asked == 2
                    })
            }
            #expect(try Checkpoint.all(in: folder).map(\.step) == [2])
            try run(recipe)
            let other = folder.appending(path: "other")
            try run(TrainingFixtures.recipe(.finetune, output: other, steps: 5))
            #expect(try weights(folder) == weights(other))
        }
    }

    @Test func resumeKeepsToItsRecipe() throws {
        try withTemporaryFolder { folder in
            try run(TrainingFixtures.recipe(.finetune, output: folder, steps: 3))
            let checkpoint = folder.appending(path: "checkpoint-3")
            let longer = try TrainingFixtures.recipe(.finetune, output: folder, steps: 4)
            #expect(
                throws: TrainingError.recipeChanged(
                    checkpoint: checkpoint.path, changes: ["schedule.total_steps: 3 -> 4"])
            ) { try run(longer) }
            try run(
                TrainingFixtures.recipe(
                    .finetune, output: folder, steps: 4, ["resume=\(checkpoint.path)"]))
            #expect(try Checkpoint.all(in: folder).map(\.step) == [3, 4])
            // Half a checkpoint is none.
            try FileManager.default.removeItem(
                at: folder.appending(path: "checkpoint-4/trainer_state.json"))
            #expect(try Checkpoint.all(in: folder).map(\.step) == [3])
            try run(
                TrainingFixtures.recipe(.finetune, output: folder, steps: 3, ["resume=never"]))
            #expect(try Checkpoint.all(in: folder).map(\.step) == [3])
        }
    }

    @Test func metricsHaveTheirFields() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(.pretrain, output: folder, steps: 2)
            var lines: [String] = []
            try TrainingRun(recipe, say: { lines.append($0) }).run()
            let text = try String(
                contentsOf: folder.appending(path: "metrics.jsonl"), encoding: .utf8)
            let row = try #require(
                try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
            let numbers = [
                "step", "epoch", "loss", "mlm_loss", "mae_loss", "learning_rate", "grad_norm",
                "samples_per_second", "tokens_per_second", "peak_memory_bytes", "samples", "tokens",
                "data_wait_seconds", "quarantined",
            ]
            for key in numbers { #expect((row[key] as? Double)?.isFinite == true, "\(key)") }
            let loss = try #require(row["loss"] as? Double)
            let parts =
                try #require(row["mlm_loss"] as? Double)
                + 0.5 * #require(row["mae_loss"] as? Double)
            #expect(abs(loss - parts) < 1e-9)
            #expect(lines[0].hasPrefix("step 2/2  loss "))
            #expect(lines[0].contains("  waited "))
            #expect(lines[0].hasSuffix("0 s left"))
            let written = try Recipe(
                reading: folder.appending(path: "recipe.yaml"), stage: .pretrain)
            #expect(written == recipe)
        }
    }

    @Test func theFinalModelHasItsContractAndMaskToken() throws {
        try withTemporaryFolder { folder in
            try run(TrainingFixtures.recipe(.pretrain, output: folder, steps: 1))
            let model = folder.appending(path: "model")
            let url = model.appending(path: "moca.json")
            let contract = try EmbeddingContract(parsing: Data(contentsOf: url), file: url.path)
            #expect(contract.maskToken == "<|mask|>")
            #expect((contract.attention, contract.pooling) == (.bidirectional, .mean))
            #expect((contract.minPixels, contract.maxPixels) == (256, 1024))
            #expect(contract.orientation == nil)
            let names = try SafetensorsCheckpoint(opening: model).names
            #expect(names.contains("mae_proj.weight"))
            // The second stage starts from it, and carries the heads along.
            let tuned = folder.appending(path: "tuned")
            try run(
                TrainingFixtures.recipe(
                    .finetune, output: tuned, steps: 1,
                    [
                        "model.path=\(model.path)", "data.prompts.query='q: {text}'",
                        "data.prompts.remove=[Find me]", "data.orientation=exif",
                    ]))
            let second = tuned.appending(path: "model")
            let tunedURL = second.appending(path: "moca.json")
            let tunedContract = try EmbeddingContract(
                parsing: Data(contentsOf: tunedURL), file: tunedURL.path)
            #expect(tunedContract.prompts == [.query: "q: {text}"])
            #expect(tunedContract.maskToken == "<|mask|>")
            #expect(tunedContract.orientation == .exif)
            // A later stage without the key keeps what the model states.
            let next = try TrainingFixtures.recipe(
                .finetune, output: folder.appending(path: "next"), steps: 1,
                ["model.path=\(second.path)"])
            let start = try TrainingSetup(next, resuming: nil)
            #expect(start.files.contract.orientation == .exif)
            #expect(start.processor.images.decoder.orientation == .exif)
            #expect(
                try SafetensorsCheckpoint(opening: second).names.contains("mae_proj.weight"))
        }
    }

    @Test func anEmbeddingWithoutAFreeRowGrows() throws {
        try withTemporaryFolder { folder in
            let source = folder.appending(path: "full")
            try FileManager.default.copyItem(at: TrainingFixtures.checkpoint, to: source)
            var configuration = try PretrainedModel.configuration(of: source, names: [:])
            configuration.vocabularySize = 422
            try PretrainedModel.writeFresh(
                configuration, seed: 1, scheme: .fixed(deviation: 0.02), dtype: .float32,
                purpose: .embedding, to: source)
            let output = folder.appending(path: "out")
            try run(
                TrainingFixtures.recipe(
                    .pretrain, output: output, steps: 1, ["model.path=\(source.path)"]))
            let model = try PretrainedModel(
                loading: output.appending(path: "model"), LoadOptions(purpose: .pretraining))
            #expect(model.configuration.vocabularySize == 423)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: output.path)
                    .allSatisfy { !$0.hasPrefix(".") })
        }
    }

    @Test func freshWeightsFollowSeedAndGains() throws {
        func start(_ overrides: [String]) throws -> [String: [Float]] {
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: URL(fileURLWithPath: "/tmp"),
                ["model={initialize: {config: \(TrainingFixtures.checkpoint.path)}}"] + overrides)
            let model = try TrainingSetup(recipe, resuming: nil).model
            return Dictionary(
                uniqueKeysWithValues: model.store.parameters.map { ($0.key, $0.tensor.array()) })
        }
        let plain = try start([])
        let key = "model.layers.0.self_attn.o_proj.weight"
        let scaled = try start(["model.initialize.gains.o_proj=0.5"])
        #expect(scaled[key] == plain[key]?.map { $0 * 0.5 })
        #expect(
            scaled["model.layers.0.self_attn.q_proj.weight"]
                == plain["model.layers.0.self_attn.q_proj.weight"])
        #expect(try start(["model.initialize.seed=8"])[key] != plain[key])
    }

    /// Everything is freed at its last use.
    @Test func twoHundredStepsDoNotGrow() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: folder, steps: 200,
                ["checkpoint.every_steps=1000", "logging.every_steps=20"])
            var counts: [(tensors: Int, resident: Int)] = []
            try run(
                recipe,
                onLog: { _ in counts.append((LibTorch.liveTensorCount, try Self.residentBytes())) })
            let (early, late) = (counts[2], counts[counts.count - 1])
            // The prefetcher holds up to three steps at either moment: tensors of a few batches.
            #expect(abs(late.tensors - early.tensors) <= 16)
            #expect(late.resident - early.resident < 48 << 20)
        }
    }

    private static func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return (Int(text.split(separator: " ")[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }
}
