import Foundation
import MoCaData
import MoCaModel
import MoCaObjectives
import MoCaRunLog
import MoCaTestSupport
import NN
import Synchronization
import Testing
import Torch
@testable import MoCaTraining

/// What a run does beside its steps: scores, spikes, steps that are passed over, signals.
@Suite(.serialized) struct RunningTests {
    private struct Killed: Error {}

    private func weights(_ folder: URL) throws -> Data {
        try Data(contentsOf: folder.appending(path: "model/model.safetensors"))
    }

    // MARK: Scores

    /// A score that depends on the weights, as any does.
    private func score(_ trained: TrainedModel, _ step: Int) -> [String: Double] {
        let sum: [Float] = withoutGradient {
            trained.model.backbone.embeddingWeight.to(.float32).sum().array()
        }
        return ["eval/mean/sum": Double(sum[0]), "eval/mean/step": Double(step)]
    }

    private func run(
        _ recipe: Recipe, shouldStop: @escaping () -> Bool = { false },
        onLog: @escaping (MetricsRow) throws -> Void = { _ in },
        evaluate: ((TrainedModel, Int) throws -> [String: Double]?)? = nil
    ) throws {
        var run = TrainingRun(recipe, say: { _ in }, shouldStop: shouldStop, onLog: onLog)
        run.evaluate = evaluate ?? { score($0, $1) }
        try run.run()
    }

    private static let evaluation = [
        "evaluation={every_steps: 3, mmeb: /nowhere}", "checkpoint.every_steps=2",
        "checkpoint.best_metric=eval/mean/sum",
    ]

    @Test(arguments: Recipe.Stage.allCases)
    func scoresAreOfTheWeightsAndSurviveAKill(stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            var scores: [Int: Double] = [:]
            try run(
                TrainingFixtures.recipe(stage, output: whole, Self.evaluation),
                onLog: { scores[$0.step] = $0.scores["eval/mean/sum"] })
            #expect(scores.keys.sorted() == [3, 6, 8])
            #expect(Set(scores.values).count == 3)
            let recipe = try TrainingFixtures.recipe(stage, output: broken, Self.evaluation)
            for step in [3, 6] {
                #expect(throws: Killed.self) {
                    try run(recipe, onLog: { if $0.step == step { throw Killed() } })
                }
            }
            try run(recipe)
            #expect(try TrainingFixtures.metrics(whole) == TrainingFixtures.metrics(broken))
            #expect(try TrainingFixtures.metrics(whole).count == 5)
            #expect(try weights(whole) == weights(broken))
            #expect(try BestCheckpoint(reading: whole) == BestCheckpoint(reading: broken))
            // Looking does not change what is learnt.
            let blind = folder.appending(path: "c")
            try run(TrainingFixtures.recipe(stage, output: blind))
            #expect(try weights(whole) == weights(blind))
        }
    }

    /// With an average, what is scored is what the run leaves; the weights learn on as they were.
    @Test func scoresAreOfTheAverage() throws {
        try withTemporaryFolder { folder in
            let (plain, averaged) = (folder.appending(path: "a"), folder.appending(path: "b"))
            try run(TrainingFixtures.recipe(.finetune, output: plain))
            var scores: [Int: Double] = [:]
            try run(
                TrainingFixtures.recipe(
                    .finetune, output: averaged, Self.evaluation + ["optimizer.ema_decay=0.9"]),
                onLog: { scores[$0.step] = $0.scores["eval/mean/sum"] })
            func sum(_ name: String) throws -> Double? {
                let model = try PretrainedModel(
                    loading: averaged.appending(path: name), LoadOptions(dtype: .float32))
                let trained = EmbeddingModel(model.backbone, PoolingSettings())
                return withoutGradient {
                    Double(trained.backbone.embeddingWeight.sum().array(Float.self)[0])
                }
            }
            #expect(try scores[8] == sum("model"))
            #expect(try scores[8] != sum("model-raw"))
            #expect(try BestCheckpoint(reading: averaged)?.value == scores.values.max())
            let raw = averaged.appending(path: "model-raw/model.safetensors")
            #expect(try Data(contentsOf: raw) == weights(plain))
        }
    }

    /// A signal in the middle of an evaluation: it is made up for before the next step, and the best
    /// checkpoint is chosen by what it scored.
    @Test(arguments: ["sum", "step"])
    func anInterruptedEvaluationIsMadeUpFor(metric: String) throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            let keys = Self.evaluation + ["checkpoint.best_metric=eval/mean/\(metric)"]
            try run(TrainingFixtures.recipe(.finetune, output: whole, keys))
            let recipe = try TrainingFixtures.recipe(.finetune, output: broken, keys)
            for step in [3, 6, 8] {
                var isStopped = false
                #expect(
                    throws: TrainingError.interrupted(
                        step: step, checkpoint: broken.appending(path: "checkpoint-\(step)").path)
                ) {
                    try run(
                        recipe, shouldStop: { isStopped },
                        evaluate: { trained, now in
                            isStopped = now == step
                            return isStopped ? nil : score(trained, now)
                        })
                }
            }
            try run(recipe)
            #expect(try TrainingFixtures.metrics(whole) == TrainingFixtures.metrics(broken))
            #expect(try weights(whole) == weights(broken))
            let best = try #require(try BestCheckpoint(reading: whole))
            #expect(try BestCheckpoint(reading: broken)?.value == best.value)
            // A score that grows with the steps: the last one's is not lost.
            guard metric == "step" else { return }
            #expect(best.step == 8 && best.value == 8)
            #expect(try BestCheckpoint(reading: broken) == best)
        }
    }

    // MARK: Signals

    /// A source that never has a step.
    private struct Blocked: StepBatches {
        mutating func next() throws -> PreparedStep<Int> {
            while true { sleep(1) }
        }
    }

    @Test func aSignalIsHeardWhileDataIsMissing() throws {
        let prefetcher = Prefetcher(Blocked(), ahead: 1)
        var asked = 0
        let step = try prefetcher.next(unless: {
            asked += 1
            return asked == 3
        })
        #expect(step == nil)
        #expect(asked == 3)
    }

    @Test func nothingIsSavedBeforeTheFirstStep() throws {
        #expect(throws: TrainingError.interrupted(step: 0, checkpoint: nil)) {
            let model = try PretrainedModel(
                loading: TrainingFixtures.checkpoint, LoadOptions(isTrainable: true))
            let delegate = TestDelegate<ContrastiveBatch>(next: { nil })
            delegate.onShouldStop = { true }
            var trainer = Trainer(
                task: ContrastiveObjective(
                    EmbeddingModel(model.backbone, PoolingSettings()), .init()),
                plan: .init(
                    optimizer: RankedAdamW([], settings: .init()), parameters: model.store,
                    schedule: .init(
                        peak: 1, kind: .constant, warmupShape: .linear, warmupSteps: 0,
                        totalSteps: 2),
                    maxGradientNorm: 1, logEverySteps: 1, saveEverySteps: 1),
                state: TrainingState(recipe: ""), delegate: delegate)
            try trainer.run()
        }
    }

    // MARK: Steps that are passed over

    /// The loss overflows at a huge rate, from the second step on.
    private static let overflowing = [
        "optimizer.learning_rate=1.0e+38", "schedule.warmup_ratio=0",
        "runtime.on_not_finite=skip",
    ]

    private func events(_ folder: URL) throws -> [[String: Any]] {
        let url = folder.appending(path: "events.jsonl")
        return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").map { line in
            let tree = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return try #require(tree as? [String: Any])
        }
    }

    @Test func stepsArePassedOverWithinABudget() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: folder, steps: 6, Self.overflowing)
            var skipped: [Int] = []
            var lines: [String] = []
            try TrainingRun(
                recipe, say: { lines.append($0) },
                onLog: { skipped.append($0.skippedStepCount) }
            ).run()
            #expect(skipped == [1, 3, 5])
            var events = try events(folder)
            #expect(events.removeLast()["kind"] as? String == "finished")
            #expect(events.map { $0["step"] as? Int } == [2, 3, 4, 5, 6])
            #expect(events.allSatisfy { $0["kind"] as? String == "not_finite" })
            #expect(events.allSatisfy { ($0["records"] as? [String])?.count == 8 })
            #expect(
                events.map { $0["saved"] as? String }
                    == ["not-finite-2", "not-finite-3", "not-finite-4", nil, nil])
            #expect(lines.count { $0.hasPrefix("warning: no update (step ") } == 5)
            // Nothing was learnt after the first step.
            let states = try Checkpoint.all(in: folder).map { try $0.readState().skippedStepCount }
            #expect(states == [2, 5])
            let files = try Checkpoint.all(in: folder).map {
                try CheckpointManifest(reading: $0.folder).files["model.safetensors"]
            }
            #expect(files[0] == files[1])
        }
    }

    @Test func aBudgetEnds() throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                .finetune, output: folder, steps: 6,
                Self.overflowing + ["runtime.not_finite_budget=2"])
            var failure: TrainingError?
            do { try run(recipe) } catch let error as TrainingError { failure = error }
            guard case .notFinite(4, _, _, _, let saved) = failure else {
                Issue.record("ended with \(String(describing: failure))")
                return
            }
            #expect(saved == .folder(folder.appending(path: "not-finite-4").path))
            #expect(try Checkpoint.all(in: folder).map(\.step) == [3])
        }
    }

    // MARK: Loss spikes

    @Test func aLossFarAboveTheOthersIsASpike() {
        var spikes = LossSpikes()
        for number in 0..<40 {
            #expect(spikes.expectation(of: 2 + 0.01 * Double(number % 5), subset: "a") == nil)
        }
        #expect(spikes.expectation(of: 2.1, subset: "a") == nil)
        // The other task knows nothing yet.
        #expect(spikes.expectation(of: 9, subset: "b") == nil)
        #expect(spikes.expectation(of: 9, subset: "a") == 2.02)
        #expect(spikes.expectation(of: 0.1, subset: "a") == nil)
    }

    @Test func spikesAreRememberedExactly() throws {
        var spikes = LossSpikes()
        for number in 0..<100 { _ = spikes.expectation(of: 1 / Double(number + 3), subset: nil) }
        let data = try JSONEncoder().encode(spikes)
        #expect(try JSONDecoder().decode(LossSpikes.self, from: data) == spikes)
    }

    @Test func aSpikeIsALine() throws {
        let event = TrainingEvent(
            step: 7, kind: .lossSpike(expected: 2), loss: 9.5, records: ["a-1", "b\"-2"])
        #expect(
            event.logged.lossLine
                == #"{"step": 7, "kind": "loss_spike", "text": "loss 9.5000, 2.0000 was expected", "#
                + #""loss": 9.5, "expected": 2.0, "records": ["a-1", "b\"-2"]}"#)
        #expect(event.line.hasPrefix("warning: loss spike (step 7): loss 9.5000, 2.0000 was"))
    }
}
