import Foundation
import MoCaData
import MoCaModel
import MoCaObjectives
import MoCaRunLog
import MoCaTables
import MoCaTestSupport
import NN
import Safetensors
import Testing
import Torch
@testable import MoCaTraining

@Suite(.serialized) struct TrainerTests {
    private let folder = TrainingFixtures.golden

    private struct Settings: Decodable {
        var lr: Double
        var betas: [Double]
        var eps: Double
        var weight_decay: Double
        var max_grad_norm: [String: Double]
        var runs: [String: [Step]]

        struct Step: Decodable {
            var loss: Double
            var grad_norm: Double
        }
    }

    private func model() throws -> PretrainedModel {
        try PretrainedModel(
            loading: TrainingFixtures.checkpoint,
            LoadOptions(dtype: .float32, purpose: .pretraining, isTrainable: true))
    }

    private func prepared<Batch>(_ batch: Batch) -> PreparedStep<Batch> {
        PreparedStep(
            batches: [batch],
            cursor: DataCursor([SubsetShape(name: "s", blockRows: [1])], seed: 0, windowBlocks: 1),
            ids: [SampleID(subset: "s", row: 0)], tokenCount: 1)
    }

    /// Two steps on one batch; the reports of both.
    private func train<Goal: Objective>(
        _ objective: Goal, _ batch: Goal.Batch, _ model: PretrainedModel, _ settings: Settings,
        maxNorm: Double
    ) throws -> [MetricsRow] {
        let optimizer = RankedAdamW(
            model.store.parameters,
            settings: .init(
                beta1: settings.betas[0], beta2: settings.betas[1], epsilon: settings.eps,
                weightDecay: settings.weight_decay))
        var reports: [MetricsRow] = []
        let delegate = TestDelegate(next: { prepared(batch) })
        delegate.onLog = { reports.append($0) }
        var trainer = Trainer(
            task: objective,
            plan: .init(
                optimizer: optimizer, parameters: model.store,
                schedule: .init(
                    peak: settings.lr, kind: .constant, warmupShape: .linear, warmupSteps: 0,
                    totalSteps: 2),
                maxGradientNorm: maxNorm, logEverySteps: 1, saveEverySteps: 10),
            state: TrainingState(recipe: ""), delegate: delegate)
        try trainer.run()
        return reports
    }

    /// Loss, gradient norm and weights of two steps against PyTorch's AdamW and clipping.
    @Test(arguments: ["pretrain_mixed", "contrastive_text"])
    func twoStepsEqualTheReference(name: String) throws {
        let settings = try JSONDecoder().decode(
            Settings.self, from: Data(contentsOf: folder.appending(path: "adamw.json")))
        let model = try model()
        let file = try ReplayBatch(
            reading: folder.appending(path: "\(name).safetensors"), for: model.configuration)
        let maxNorm = try #require(settings.max_grad_norm[name])
        let reports =
            if name.hasPrefix("pretrain") {
                try train(
                    ReconstructionObjective(
                        #require(model.reconstruction), .init(maeWeight: 0.1)),
                    file.reconstruction(), model, settings, maxNorm: maxNorm)
            } else {
                try train(
                    ContrastiveObjective(
                        EmbeddingModel(model.backbone, PoolingSettings()),
                        .init(temperature: 0.03, masksRepeatedPositives: false)),
                    file.contrastive(), model, settings, maxNorm: maxNorm)
            }
        for (report, expected) in zip(reports, try #require(settings.runs[name])) {
            #expect(abs(report.loss - expected.loss) <= 2e-5 * max(1, expected.loss))
            #expect(abs(report.gradientNorm - expected.grad_norm) <= 1e-4 * expected.grad_norm)
        }
        let weights = try SafetensorsFile(mapping: folder.appending(path: "adamw.safetensors"))
        let prefix = "\(name).step2."
        let names = weights.names.filter { $0.hasPrefix(prefix) }
        #expect(names.count == 6)
        for name in names {
            let expected = try #require(try Tensor(name, in: weights)).array(Float.self)
            let found = try #require(model.store.tensors[String(name.dropFirst(prefix.count))])
            let worst = zip(found.array(Float.self), expected).map { abs($0 - $1) }.max()
            #expect(try #require(worst) <= 2e-5, "\(name)")
        }
    }

    /// What may go wrong around a step.
    enum Fault: String, CaseIterable {
        case data, step, save, saveBefore, log

        struct Failure: Error {}
    }

    /// An error beside the steps keeps what they did; one of a save is not tried again.
    @Test(arguments: Fault.allCases)
    func errorsKeepTheState(fault: Fault) throws {
        let model = try model()
        let batch = try ReplayBatch(
            reading: folder.appending(path: "contrastive_text.safetensors"),
            for: model.configuration
        ).contrastive()
        func fail(_ here: Fault) throws { if here == fault { throw Fault.Failure() } }
        var (kept, steps): ([Int], Int) = ([], 0)
        let delegate = TestDelegate(next: {
            if steps == 2 { try fail(.data) }
            return prepared(batch)
        })
        delegate.onLog = { _ in try fail(.log) }
        delegate.onSave = { _ in try fail(.save) }
        delegate.onRescue = { kept.append($0.step) }
        delegate.onStep = { step, isUpdated in
            #expect(isUpdated)
            steps = step
            if step == 2 { try fail(.step) }
        }
        delegate.onCheckSaves = { if steps == 2 { try fail(.saveBefore) } }
        var trainer = Trainer(
            task: ContrastiveObjective(
                EmbeddingModel(model.backbone, PoolingSettings()), .init(temperature: 0.03)),
            plan: .init(
                optimizer: RankedAdamW(model.store.parameters, settings: .init()),
                parameters: model.store,
                schedule: .init(
                    peak: 1e-6, kind: .constant, warmupShape: .linear, warmupSteps: 0,
                    totalSteps: 4),
                maxGradientNorm: 1, logEverySteps: 3, saveEverySteps: 4),
            state: TrainingState(recipe: ""), delegate: delegate)
        #expect(throws: Fault.Failure.self) { try trainer.run() }
        #expect(kept == (fault == .data || fault == .step ? [2] : []))
    }

    /// A disk that is full when a step is not finite hides neither the step nor what was learnt.
    @Test(arguments: [0, 1])
    func aStepThatCannotBeKeptIsTold(budget: Int) throws {
        struct Full: LocalizedError {
            var errorDescription: String? { "the disk is full" }
        }
        let model = try model()
        let batch = try ReplayBatch(
            reading: folder.appending(path: "contrastive_text.safetensors"),
            for: model.configuration
        ).contrastive()
        var (kept, events): ([Int], [TrainingEvent.Kind]) = ([], [])
        let norm = try #require(model.store.tensors["model.norm.weight"])
        let delegate = TestDelegate(next: { prepared(batch) })
        delegate.onDump = { _, _ in throw Full() }
        delegate.onRescue = { kept.append($0.step) }
        delegate.onNote = { events.append($0.kind) }
        delegate.onStep = { step, _ in
            if step == 2 { norm.assign(.full(norm.shape, .nan)) }
        }
        var plan = Trainer<ContrastiveObjective>.Plan(
            optimizer: RankedAdamW(model.store.parameters, settings: .init()),
            parameters: model.store,
            schedule: .init(
                peak: 1e-6, kind: .constant, warmupShape: .linear, warmupSteps: 0, totalSteps: 9),
            maxGradientNorm: 1, logEverySteps: 9, saveEverySteps: 9)
        plan.notFiniteBudget = budget
        var trainer = Trainer(
            task: ContrastiveObjective(
                EmbeddingModel(model.backbone, PoolingSettings()), .init(temperature: 0.03)),
            plan: plan, state: TrainingState(recipe: ""), delegate: delegate)
        var failure: TrainingError?
        do { try trainer.run() } catch let error as TrainingError { failure = error }
        guard case .notFinite(let step, let loss, _, let records, let saved) = failure else {
            Issue.record("the run ended with \(String(describing: failure))")
            return
        }
        #expect(step == 3 + budget && loss.isNaN && records == ["s#0"])
        #expect(saved == .failed(reason: "the disk is full"))
        #expect(kept == [2 + budget])
        #expect(events.count == budget)
        let event = TrainingEvent.Kind.notFinite(gradientNorm: .nan, saved: saved)
        #expect(events.map { "\($0)" } == .init(repeating: "\(event)", count: budget))
    }

    /// A loss that is not a number stops the run before the update; what is kept replays.
    @Test(arguments: Recipe.Stage.allCases)
    func aLossThatIsNotFiniteStopsBeforeTheUpdate(stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                stage, output: folder, steps: 3,
                ["optimizer.learning_rate=1.0e+38", "schedule.warmup_ratio=0"])
            var failure: TrainingError?
            do {
                try TrainingRun(recipe, say: { _ in }).run()
            } catch let error as TrainingError {
                failure = error
            }
            guard case .notFinite(let step, _, _, let records, let saved) = failure else {
                Issue.record("the run ended with \(String(describing: failure))")
                return
            }
            #expect(step == 2)
            #expect(!records.isEmpty)
            let kept = folder.appending(path: "not-finite-2")
            #expect(saved == .folder(kept.path))
            // The step before it is not lost.
            #expect(try Checkpoint.all(in: folder).map(\.step) == [1])
            let isPretraining = stage == .pretrain
            let model = try PretrainedModel(
                loading: kept,
                LoadOptions(
                    purpose: isPretraining ? .pretraining : .embedding, isTrainable: true))
            let batch = try ReplayBatch(
                reading: kept.appending(path: "batch.safetensors"),
                for: model.configuration)
            #expect(batch.metadata["objective"] == (isPretraining ? "pretrain" : "contrastive"))
            #expect(batch.metadata["step"] == "2")
        }
    }

    /// What is written for `moca replay` gives the same loss and gradient as the batch itself.
    @Test(arguments: Recipe.Stage.allCases)
    func aKeptBatchReplaysExactly(stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            let recipe = try TrainingFixtures.recipe(
                stage, output: folder, ["batch.accumulation=1"])
            let start = try TrainingSetup(recipe, resuming: nil)
            let failed = try FailureDump(recipe, step: 1, records: ["a"])
            let url = folder.appending(path: "batch.safetensors")
            func replay<Goal: Objective>(
                _ objective: Goal, _ batch: Goal.Batch, _ again: () throws -> Goal.Batch
            ) throws {
                let first = Replay(start.model).run(objective, batch)
                for (_, tensor) in start.model.store.parameters { tensor.setGradient(nil) }
                let second = Replay(start.model).run(objective, try again())
                #expect(first == second)
            }
            switch recipe.objective {
            case .reconstruction(let settings):
                var source = try ReconstructionBatches(recipe, settings, start, cursor: nil)
                let batch = try source.next().batches[0]
                try failed.write(batch, to: url)
                let objective = ReconstructionObjective(
                    try #require(start.model.reconstruction), settings.loss)
                try replay(objective, batch) {
                    try ReplayBatch(reading: url, for: start.model.configuration).reconstruction()
                }
            case .contrastive(let settings):
                var source = try ContrastiveBatches(recipe, settings, start, cursor: nil)
                let batch = try source.next().batches[0]
                try failed.write(batch, to: url)
                let objective = ContrastiveObjective(
                    EmbeddingModel(start.model.backbone, PoolingSettings()), settings.loss)
                try replay(objective, batch) {
                    try ReplayBatch(reading: url, for: start.model.configuration).contrastive()
                }
            }
        }
    }
}
