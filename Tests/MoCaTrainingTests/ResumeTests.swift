import Foundation
import MoCaModel
import MoCaRunLog
import MoCaTestSupport
import NN
import Safetensors
import Testing
import Torch

@testable import MoCaTraining

/// Runs that are killed and go on to the bits of those that never were.
@Suite(.serialized) struct ResumeTests {
    private struct Killed: Error {}

    /// Cases that are slow where 16 bits are emulated.
    private static func longOnly<Case>(_ cases: [Case]) -> [Case] {
        TrainingFixtures.isLong ? cases : []
    }

    private static let lora =
        "lora={rank: 4, alpha: 8, dropout: 0.2, target_modules: [q_proj, o_proj, down_proj]}"

    private func run(_ recipe: Recipe, killedAt step: Int? = nil) throws {
        try TrainingRun(
            recipe, say: { _ in }, onLog: { if $0.step == step { throw Killed() } }
        ).run()
    }

    private func tensors(_ file: URL) throws -> [String: Data] {
        let file = try SafetensorsFile(mapping: file)
        return try Dictionary(
            uniqueKeysWithValues: file.names.map { name in
                (name, try #require(try Tensor(name, in: file)).withBytes { Data($0) })
            })
    }

    /// Trains whole, and killed at `step` with a checkpoint before; all that is left is equal.
    private func expectSame(
        _ stage: Recipe.Stage, _ overrides: [String], killedAt step: Int = 4, in folder: URL
    ) throws -> (whole: URL, broken: URL) {
        let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
        try run(TrainingFixtures.recipe(stage, output: whole, overrides))
        let recipe = try TrainingFixtures.recipe(stage, output: broken, overrides)
        #expect(throws: Killed.self) { try run(recipe, killedAt: step) }
        try run(recipe)
        for name in ["model/model.safetensors", "checkpoint-8/optimizer.safetensors"] {
            let (left, right) = (
                try tensors(whole.appending(path: name)), try tensors(broken.appending(path: name))
            )
            #expect(left == right, "\(name) with \(overrides)")
        }
        #expect(try TrainingFixtures.metrics(whole) == TrainingFixtures.metrics(broken))
        return (whole, broken)
    }

    @Test(
        arguments: [
            ["optimizer.ema_decay=0.9"],
            ["batch.accumulation=1", "batch.mini_batch_tokens=40", lora],
        ]
            + longOnly([
                [lora, "optimizer.ema_decay=0.9", "runtime.dtype=bfloat16"],
                ["runtime.dtype=bfloat16", "runtime.float32_gradients=false"],
            ]))
    func averagesAndAdaptersContinue(overrides: [String]) throws {
        try withTemporaryFolder { folder in
            _ = try expectSame(.finetune, overrides, in: folder)
        }
    }

    /// The scale falls before and after the checkpoint.
    @Test(.enabled(if: TrainingFixtures.isLong)) func overflowsContinue() throws {
        try withTemporaryFolder { folder in
            let overrides = [
                "runtime.dtype=float16", "objective.temperature=0.0000002",
                "logging.every_steps=1",
            ]
            let (whole, _) = try expectSame(.finetune, overrides, killedAt: 5, in: folder)
            let rows = try TrainingFixtures.metrics(whole).map { line in
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            }
            let scales = rows.compactMap { $0["loss_scale"] as? Double }
            #expect(scales.count == 8)
            #expect(scales[2] < 65_536 && scales[4] < scales[2], "\(scales)")
        }
    }

    /// Steps that were passed over are counted, and their batches kept once.
    @Test func stepsThatWerePassedOverContinue() throws {
        try withTemporaryFolder { folder in
            let (_, broken) = try expectSame(
                .finetune,
                [
                    "optimizer.learning_rate=1.0e+38", "schedule.warmup_ratio=0",
                    "runtime.on_not_finite=skip",
                ], in: folder)
            let state = try Checkpoint(opening: broken.appending(path: "checkpoint-8")).readState()
            #expect(state.skippedStepCount == 7)
            let kept = try FileManager.default.contentsOfDirectory(atPath: broken.path)
                .filter { $0.hasPrefix(FailureDump.folderPrefix) }
            #expect(kept.sorted() == ["not-finite-2", "not-finite-3", "not-finite-4"])
        }
    }

    @Test func aRunThatBeganWithAnAdapterContinues() throws {
        try withTemporaryFolder { folder in
            let first = folder.appending(path: "first")
            try run(TrainingFixtures.recipe(.finetune, output: first, steps: 2, [Self.lora]))
            let adapter = first.appending(path: "adapter")
            let (whole, _) = try expectSame(
                .finetune, ["model.adapter=\(adapter.path)"], in: folder)
            #expect(
                try tensors(whole.appending(path: "adapter/adapter_model.safetensors"))
                    != tensors(adapter.appending(path: "adapter_model.safetensors")))
        }
    }

    /// The temperature is learnt beside adapters, and is none of PEFT's.
    @Test(arguments: ["float32"] + longOnly(["bfloat16"]))
    func aLearnedTemperatureContinuesWithAdapters(dtype: String) throws {
        try withTemporaryFolder { folder in
            let key = "base_model.model.\(CheckpointKeys.logScale)"
            let (whole, broken) = try expectSame(
                .finetune,
                [Self.lora, "objective.temperature_learned=true", "runtime.dtype=\(dtype)"],
                in: folder)
            let scales = try [6, 8].map { step in
                try tensors(
                    whole.appending(path: "checkpoint-\(step)/adapter_model.safetensors"))[key]
            }
            #expect(scales[0] != nil && scales[1] != nil)
            if dtype == "float32" { #expect(scales[0] != scales[1]) }
            let temperatures = try TrainingFixtures.metrics(broken).compactMap { line in
                try (JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])?[
                    "temperature"] as? Double
            }
            #expect(temperatures.count == 4)
            if dtype == "float32" { #expect(Set(temperatures).count == 4) }
            let names = try tensors(whole.appending(path: "adapter/adapter_model.safetensors")).keys
            #expect(!names.contains(key) && names.count > 2)
            #expect(
                try tensors(whole.appending(path: "model/model.safetensors"))[
                    CheckpointKeys.logScale] == nil)
            let parts = try tensors(whole.appending(path: "checkpoint-8/optimizer.safetensors"))
            #expect(parts["\(CheckpointKeys.logScale).exp_avg"] != nil)
        }
    }
}
