import Foundation
import MoCaCore
import MoCaModel
import MoCaRunLog
import MoCaTestSupport
import Testing

@testable import MoCaTraining

/// What a run does when something goes wrong: nothing of an earlier or of its own work is lost.
@Suite(.serialized) struct RunSafetyTests {
    private struct Killed: Error {}

    private func weights(_ folder: URL) throws -> Data {
        try Data(contentsOf: folder.appending(path: "model/model.safetensors"))
    }

    private func rows(_ name: String, in folder: URL) throws -> [[String: Any]] {
        let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    private func exists(_ name: String, in folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: name).path)
    }

    // MARK: Numbers that are none

    /// The loss overflows at a huge rate, from the second step on.
    private static let overflowing = [
        "optimizer.learning_rate=1.0e+38", "schedule.warmup_ratio=0",
        "runtime.on_not_finite=skip",
    ]

    @Test func aStepThatIsPassedOverHasNoPanel() throws {
        try withTemporaryFolder { folder in
            try TrainingRun(
                TrainingFixtures.recipe(
                    .finetune, output: folder, steps: 4,
                    Self.overflowing + ["logging.health_every_steps=1"]), say: { _ in }
            ).run()
            let panels = try rows("health.jsonl", in: folder)
            #expect(!panels.isEmpty)
            #expect(panels.allSatisfy { $0["step"] as? Int == 1 })
        }
    }

    /// What stopped a run stays noted when it goes on from what was saved.
    @Test func aStepThatStopsTheRunIsNoted() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: folder, steps: 3,
                ["optimizer.learning_rate=1.0e+38", "schedule.warmup_ratio=0"])
            for _ in 0..<2 {
                #expect(throws: TrainingError.self) { try TrainingRun(recipe, say: { _ in }).run() }
            }
            let events = try rows("events.jsonl", in: folder)
                .filter { $0["kind"] as? String != "collapse" }
            #expect(
                events.compactMap { $0["kind"] as? String } == ["stopped", "resumed", "stopped"])
            #expect(events.allSatisfy { $0["step"] as? Int == 1 })
            let first = try #require(events.first)
            let records = try #require(first["records"] as? [String])
            #expect(records.count == 8)
            let text = try #require(first["text"] as? String)
            #expect(text.hasPrefix("step 2: loss "))
            #expect(text.contains("; the batch and the weights are in not-finite-2; "))
            #expect(text.hasSuffix("its records are \(records.joined(separator: ", "))"))
        }
    }

    /// A measured step that is not finite is told, and not kept.
    @Test func aMeasurementKeepsNothing() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: folder.appending(path: "run"), steps: 4,
                ["optimizer.learning_rate=1.0e+38", "schedule.warmup_ratio=0"])
            let failure = try #require(throws: TrainingError.self) {
                try StepMeasurement(recipe)
            }
            guard case .notFinite(2, _, _, _, .nothing) = failure else {
                Issue.record("ended with \(failure)")
                return
            }
            var run = TrainingRun(recipe, say: { _ in })
            run.keepsNothing = true
            #expect(throws: TrainingError.self) { try run.run() }
            #expect(!exists("run/not-finite-2", in: folder))
            #expect(try Checkpoint.folders(in: recipe.outputFolder).isEmpty)
        }
    }

    @Test func picturesOfBrokenWeightsHaveNoError() throws {
        try withTemporaryFolder { folder in
            try TrainingRun(
                TrainingFixtures.recipe(
                    .pretrain, output: folder, steps: 3,
                    Self.overflowing + ["logging.reconstruction_every_steps=1"]), say: { _ in }
            ).run()
            let pictures = try rows("reconstructions.jsonl", in: folder)
            #expect(pictures.count == 12)
            #expect(pictures.contains { $0["mse"] is NSNull })
            #expect(pictures.allSatisfy { $0["baseline_mse"] is Double })
        }
    }

    @Test func valuesThatAreNotFiniteAreNotCounted() throws {
        var histogram = ValueHistogram()
        for value in [Double.nan, .infinity, -.infinity, 1e300, 0.99] { histogram.add(value) }
        #expect(histogram.count == 2)
        #expect(histogram.bins.last == 2)
        try withTemporaryFolder { folder in
            struct Row: Encodable {
                var step = 1
                var text = ":\u{0}\""
                var values = ["a": Double.nan, "b": 2]
            }
            let log = StepLog(folder.appending(path: "x.jsonl"), after: 0)
            try log.append(row: Row())
            let row = try #require(try rows("x.jsonl", in: folder).first)
            #expect(row["text"] as? String == ":\u{0}\"")
            let values = try #require(row["values"] as? [String: Any])
            #expect(values["a"] is NSNull && values["b"] as? Double == 2)
        }
    }

    // MARK: Interruptions

    /// Stops after a step; returns how the run ended.
    private func stopped(_ recipe: Recipe, after last: Int) throws -> TrainingError {
        var isStopped = last == 0
        return try #require(throws: TrainingError.self) {
            try TrainingRun(
                recipe, say: { _ in }, shouldStop: { isStopped },
                onStep: { isStopped = $0 >= last }
            ).run()
        }
    }

    /// `never` and a named checkpoint do not go on from where the run was stopped.
    @Test func theRemedyGoesOnWhateverTheRecipeSays() throws {
        try withTemporaryFolder { folder in
            let first = folder.appending(path: "checkpoint-2").path
            for (resume, step) in [("never", 2), (first, 4), ("auto", 5)] {
                let recipe = try TrainingFixtures.recipe(
                    .finetune, output: folder, steps: 6,
                    ["resume=\(resume)", "checkpoint.keep=9"])
                #expect(
                    try stopped(recipe, after: step)
                        == .interrupted(
                            step: step,
                            checkpoint: folder.appending(path: "checkpoint-\(step)").path,
                            isRepeatable: resume == "auto"))
            }
            let stops = try rows("events.jsonl", in: folder).filter {
                $0["kind"] as? String == "interrupted"
            }
            #expect(
                stops.compactMap { $0["text"] as? String }
                    == [2, 4, 5].map { "a signal ended the run; it was saved as checkpoint-\($0)" })
        }
    }

    /// The line of an interrupted evaluation is written once, however often the run is killed.
    @Test func aLineThatWasDueIsWrittenOnce() throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            let keys = ["evaluation={every_steps: 3, mmeb: /nowhere}"]
            var run = TrainingRun(
                try TrainingFixtures.recipe(.finetune, output: whole, keys), say: { _ in })
            run.evaluate = { ["eval/step": Double($1)] }
            try run.run()
            let recipe = try TrainingFixtures.recipe(.finetune, output: broken, keys)
            var isStopped = false
            run = TrainingRun(recipe, say: { _ in }, shouldStop: { isStopped })
            run.evaluate = { _, _ in
                isStopped = true
                return nil
            }
            #expect(throws: TrainingError.self) { try run.run() }
            run = TrainingRun(
                recipe, say: { _ in }, onLog: { if $0.step == 3 { throw Killed() } })
            run.evaluate = { ["eval/step": Double($1)] }
            #expect(throws: Killed.self) { try run.run() }
            run = TrainingRun(recipe, say: { _ in })
            run.evaluate = { ["eval/step": Double($1)] }
            try run.run()
            #expect(try TrainingFixtures.metrics(whole) == TrainingFixtures.metrics(broken))
        }
    }

    // MARK: Checkpoints of an earlier run

    @Test func aWrongRecipeDoesNotCostTheRunBefore() throws {
        try withTemporaryFolder { folder in
            try TrainingRun(
                TrainingFixtures.recipe(.finetune, output: folder, steps: 3), say: { _ in }
            ).run()
            // Data and a tokenizer that are there, and cannot be read.
            let data = folder.appending(path: "data")
            try FileManager.default.createDirectory(at: data, withIntermediateDirectories: true)
            try Data("PAR1".utf8).write(to: data.appending(path: "a.parquet"))
            let model = folder.appending(path: "broken-model")
            try FileManager.default.copyItem(at: TrainingFixtures.checkpoint, to: model)
            try Data("{".utf8).write(to: model.appending(path: "tokenizer.json"))
            let logs = [
                "metrics.jsonl", "events.jsonl", "health.jsonl", "quarantine.jsonl", "recipe.yaml",
            ]
            let contents = {
                try logs.map { try Data(contentsOf: folder.appending(path: $0)) }
            }
            let before = try contents()
            #expect(before[0].count > 100 && before[1].count > 10)
            let sessions = folder.appending(path: EventFile.folderName)
            let checkpoint = folder.appending(path: "checkpoint-3").path
            for key in [
                "data.folders=[/nowhere]", "model.path=/nowhere", "data.folders=[\(data.path)]",
                "model.path=\(model.path)", "model.adapter=/nowhere",
                "model={path: \(TrainingFixtures.checkpoint.path), freeze: [no_such_key]}",
                "data.weights={absent: 1}",
                "batch={size: 100000, accumulation: 1}",
            ] {
                for resume in ["never", checkpoint] {
                    let recipe = try TrainingFixtures.recipe(
                        .finetune, output: folder, steps: 6, ["resume=\(resume)", key])
                    // A named checkpoint has a model and a tokenizer of its own.
                    if resume == checkpoint, key.hasPrefix("model.path=") { continue }
                    #expect(throws: (any Error).self, "\(key)") {
                        try TrainingRun(recipe, say: { _ in }).run()
                    }
                    #expect(try contents() == before, "\(key)")
                }
            }
            #expect(try Checkpoint.all(in: folder).map(\.step) == [3])
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: sessions.path).count == 1)
        }
    }

    /// Whatever ends a run is noted, so that its report does not say that it is still running.
    @Test func everyErrorIsNoted() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: folder, steps: 4, ["checkpoint.every_steps=2"])
            let failure = TrainingError.missingFile(path: "x")
            for step in [2, 4] {
                #expect(throws: failure) {
                    try TrainingRun(
                        recipe, say: { _ in }, onLog: { if $0.step == step { throw failure } }
                    ).run()
                }
                let last = try #require(try rows("events.jsonl", in: folder).last)
                #expect(last["kind"] as? String == "stopped")
                #expect(last["text"] as? String == failure.oneLine)
                #expect(last["step"] as? Int == step)
            }
            try TrainingRun(recipe, say: { _ in }).run()
            // Of a run that is finished, nothing is noted again.
            try TrainingRun(recipe, say: { _ in }).run()
            let kinds = try rows("events.jsonl", in: folder).compactMap { $0["kind"] as? String }
            #expect(kinds.filter { $0 != "collapse" } == ["resumed", "finished"])
        }
    }

    @Test func checkpointsOfAnotherCourseArePutAside() throws {
        try withTemporaryFolder { folder in
            try TrainingRun(
                TrainingFixtures.recipe(.finetune, output: folder), say: { _ in }
            ).run()
            let start = folder.appending(path: "checkpoint-6")
            let keys = ["resume=\(start.path)", "optimizer.learning_rate=0.01"]
            var lines: [String] = []
            #expect(throws: Killed.self) {
                try TrainingRun(
                    TrainingFixtures.recipe(.finetune, output: folder, keys),
                    say: { lines.append($0) }, onLog: { _ in throw Killed() }
                ).run()
            }
            #expect(try Checkpoint.all(in: folder).map(\.step) == [6])
            #expect(exists("other-checkpoint-8/manifest.json", in: folder))
            #expect(
                lines.contains(
                    "checkpoint-8 is put aside as other-checkpoint-8: the run goes on from step 6"))
        }
    }

    // MARK: Errors

    /// What was trained before an error is kept, and the run goes on from it to the same end.
    @Test func anErrorBesideTheStepsSavesThem() throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            let keys = [
                "evaluation={every_steps: 5, mmeb: /nowhere}", "checkpoint.every_steps=100",
            ]
            var run = TrainingRun(
                try TrainingFixtures.recipe(.finetune, output: whole, keys), say: { _ in })
            run.evaluate = { ["eval/step": Double($1)] }
            try run.run()
            let failure = TrainingError.missingFile(path: "x")
            var lines: [String] = []
            let recipe = try TrainingFixtures.recipe(.finetune, output: broken, keys)
            run = TrainingRun(recipe, say: { lines.append($0) })
            run.evaluate = { _, _ in throw failure }
            #expect(throws: failure) { try run.run() }
            #expect(try Checkpoint.all(in: broken).map(\.step) == [5])
            #expect(
                lines.last?.hasPrefix(
                    "warning: run ends with an error (step 5): it was saved as "
                        + "\(broken.path)/checkpoint-5; ") == true)
            run.evaluate = { ["eval/step": Double($1)] }
            try run.run()
            #expect(try weights(whole) == weights(broken))
            #expect(try TrainingFixtures.metrics(whole) == TrainingFixtures.metrics(broken))
        }
    }

    @Test func aContractThatCannotBeReadIsNamed() throws {
        try withTemporaryFolder { folder in
            let source = folder.appending(path: "source")
            try FileManager.default.copyItem(at: TrainingFixtures.checkpoint, to: source)
            let contract = source.appending(path: "moca.json")
            if exists("moca.json", in: source) { try FileManager.default.removeItem(at: contract) }
            try FileManager.default.createDirectory(
                at: contract, withIntermediateDirectories: true)
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: folder.appending(path: "run"), steps: 1,
                ["model.path=\(source.path)"])
            let error = try #require(throws: ModelError.self) {
                try TrainingRun(recipe, say: { _ in }).run()
            }
            guard case .unreadable(contract.path, _) = error else {
                Issue.record("ended with \(String(describing: error))")
                return
            }
        }
    }

    // MARK: The lock

    @Test func oneRunAtATime() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(.finetune, output: folder, steps: 1)
            let inUse = TrainingError.folderInUse(path: folder.path)
            do {
                let lock = try RunLock(folder)
                withExtendedLifetime(lock) {
                    _ = #expect(throws: inUse) { try TrainingRun(recipe, say: { _ in }).run() }
                }
            }
            #expect(!exists(".lock", in: folder))
            // A killed process leaves the file, and no lock on it.
            try Data().write(to: folder.appending(path: ".lock"))
            try TrainingRun(recipe, say: { _ in }).run()
            #expect(!exists(".lock", in: folder))
        }
    }
}
