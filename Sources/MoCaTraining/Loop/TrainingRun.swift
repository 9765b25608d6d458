// A recipe becomes a run: start or resume, train, and leave a model in Hugging Face layout.

package import Foundation
import MoCaCore
import MoCaData
import MoCaModel
import MoCaObjectives
import NN
import Torch

/// Runs recipes.
///
///     try TrainingRun(recipe, say: { print($0) }).run()
package struct TrainingRun {
    private var recipe: Recipe
    private let say: (String) -> Void
    private let shouldStop: () -> Bool
    /// Told about each logged step, after it was written to `metrics.jsonl`.
    private let onLog: (StepReport) throws -> Void
    /// Told the number of each step that is done.
    private let onStep: (Int) -> Void
    /// Called when everything is loaded, before the first step.
    package var onStart: () -> Void = {}
    /// Scores the model as it is at a step; nil when it was asked to stop. What scores are is the
    /// caller's: this target knows no benchmark.
    package var evaluate: ((TrainedModel, Int) throws -> [String: Double]?)?
    /// Whether nothing is kept of steps that are not finite, nor of a run that ends with an error:
    /// the run only measures, and its folder goes.
    var keepsNothing = false

    /// - Parameters:
    ///   - say: takes lines for people.
    ///   - shouldStop: asked after each step; the run is then saved and ends.
    package init(
        _ recipe: Recipe, say: @escaping (String) -> Void,
        shouldStop: @escaping () -> Bool = { false },
        onLog: @escaping (StepReport) throws -> Void = { _ in },
        onStep: @escaping (Int) -> Void = { _ in }
    ) {
        (self.recipe, self.say) = (recipe, say)
        (self.shouldStop, self.onLog, self.onStep) = (shouldStop, onLog, onStep)
    }

    /// The final model's folder in a run folder.
    package static let modelName = "model"

    /// Trains to the end.
    ///
    /// - Returns: the final model's folder.
    /// - Throws: `TrainingError`, and what reading models and data throws.
    @discardableResult
    package func run() throws -> URL {
        var run = self
        run.recipe = try recipe.resolvingEpochs()
        return try run.runResolved()
    }

    private func runResolved() throws -> URL {
        try RunFile.makeFolder(recipe.outputFolder)
        let lock = try RunLock(recipe.outputFolder)
        return try withExtendedLifetime(lock) { try runAlone() }
    }

    private func runAlone() throws -> URL {
        // Before the model is loaded: a folder that is not there is known at once.
        _ = try recipe.data.subsetFolders()
        let needs = try TrainingNeeds(recipe)
        if let problem = needs.problem(recipe) {
            say("warning: \(problem.oneLine)")
        }
        let checkpoint = try startingCheckpoint()
        let state = try startingState(checkpoint)
        let diary = RunDiary(recipe, after: state, say: say)
        let (start, optimizer) = try namingMemory(needs.loadingRemedies(recipe), isLoading: true) {
            try catchingTorchErrors { try load(checkpoint) }
        }
        if let checkpoint { say("resuming at step \(state.step) (\(checkpoint.folder.path))") }
        let saver = CheckpointSaver(
            recipe.outputFolder, recipe.checkpoint,
            parts: [
                .model(start.model, start.files, base: recipe.model.folder),
                .optimizer(optimizer),
            ], resumed: checkpoint, say: say,
            willComplete: { try RunDiary.synchronize(in: recipe.outputFolder) })
        let context = Context(
            start: start, optimizer: optimizer, state: state, diary: diary, saver: saver,
            checkpoint: checkpoint)
        let folder = try diary.noting {
            try saving(with: saver) {
                try namingMemory(recipe.activationRemedies, isLoading: false) {
                    switch recipe.objective {
                    case .reconstruction(let settings): try train(context, settings)
                    case .contrastive(let settings): try train(context, settings)
                    }
                }
            }
            return try FinalModel(recipe, start, optimizer).write()
        }
        say("model written to \(folder.path)")
        try diary.finish()
        return folder
    }

    /// What the run starts with, on its device.
    private func load(_ checkpoint: Checkpoint?) throws -> (StartingModel, AdamW) {
        let start = try StartingModel(recipe, resuming: checkpoint)
        let optimizer = try start.optimizer(recipe)
        try checkpoint?.restore(optimizer)
        return (start, optimizer)
    }

    /// Runs `body`, then waits for the save in flight, whatever became of `body`.
    private func saving(with saver: CheckpointSaver, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as TrainingError {
            // A save that failed is worse than a signal: nothing is there to go on from.
            if case .interrupted(let step, let checkpoint, _) = error {
                try saver.finish()
                throw TrainingError.interrupted(
                    step: step, checkpoint: checkpoint,
                    isRepeatable: recipe.resume == .auto || checkpoint == nil)
            }
            finish(saver)
            throw error
        } catch {
            finish(saver)
            throw error
        }
        try saver.finish()
    }

    /// Runs `body`, and says which keys of the recipe take less where memory runs out in it.
    private func namingMemory<Result>(
        _ remedies: [String], isLoading: Bool, _ body: () throws -> Result
    ) throws -> Result {
        do {
            return try body()
        } catch TorchError.outOfMemory(let reason) {
            throw TrainingError.outOfMemory(
                isLoading: isLoading, reason: reason, remedies: remedies)
        }
    }

    /// Waits for the save in flight of a run that ends with an error, which is the one to throw.
    private func finish(_ saver: CheckpointSaver) {
        do {
            try saver.finish()
        } catch {
            say("warning: checkpoint could not be saved: \(error.localizedDescription)")
        }
    }

    /// What the stages share.
    private struct Context {
        let start: StartingModel
        let optimizer: AdamW
        let state: TrainingState
        let diary: RunDiary
        let saver: CheckpointSaver
        /// What the run goes on from.
        let checkpoint: Checkpoint?
    }

    // MARK: - Stages

    private func train(_ context: Context, _ settings: Recipe.Reconstruction) throws {
        let start = context.start
        guard var reconstruction = start.model.reconstruction else {
            preconditionFailure("a model for pre-training has its heads")
        }
        reconstruction.backbone.checkpointing = recipe.runtime.activationCheckpointing
        let source = try ReconstructionSource(
            recipe, settings, start, cursor: context.state.cursor,
            quarantine: context.diary.quarantine())
        let objective = ReconstructionObjective(reconstruction, settings.loss)
        let monitor = try context.diary.reconstructions(settings, start, reconstruction)
        let watch = StepWatch<ReconstructionBatch>(
            will: { _, _ in }, did: { step, _ in try monitor.end(step: step) })
        let model = EmbeddingModel(start.model.backbone, PoolingSettings())
        try train(objective, source, model, context, watch) { failed, batch, url in
            try failed.write(batch, to: url)
        }
    }

    private func train(_ context: Context, _ settings: Recipe.Contrastive) throws {
        let start = context.start
        let source = try ContrastiveSource(
            recipe, settings, start, cursor: context.state.cursor,
            quarantine: context.diary.quarantine())
        var backbone = start.model.backbone
        backbone.checkpointing = recipe.runtime.activationCheckpointing
        let model = EmbeddingModel(
            backbone,
            PoolingSettings(attention: settings.attention, pooling: settings.pooling))
        var objective = ContrastiveObjective(model, settings.loss, logScale: start.logScale)
        let monitor = try context.diary.health()
        objective.observe = monitor.observe
        let watch = StepWatch<ContrastiveBatch>(
            will: { monitor.begin($0, number: $1) },
            did: { try monitor.end(step: $0, isUpdated: $1) })
        try train(objective, source, model, context, watch) { failed, batch, url in
            try failed.write(batch, to: url)
        }
    }

    private func train<Goal: Objective, Source: StepSource<Goal.Batch>>(
        _ objective: Goal, _ source: Source, _ model: EmbeddingModel, _ context: Context,
        _ watch: StepWatch<Goal.Batch>,
        keep: @escaping (FailedStep, Goal.Batch, URL) throws -> Void
    ) throws {
        let (start, state, saver) = (context.start, context.state, context.saver)
        // Everything that can be wrong was read.
        try takeRunFolder(context)
        let prefetcher = Prefetcher(
            source, ahead: recipe.runtime.prefetch,
            count: max(0, recipe.schedule.totalSteps - state.step))
        var hooks = Trainer<Goal>.Hooks(
            log: { report in
                try context.diary.append(report)
                say(report.line)
                try onLog(report)
            },
            save: { try saver.save($0).path },
            keepFailure: keeping(start, keep),
            shouldStop: shouldStop)
        hooks.willStep = watch.will
        hooks.didStep = { step, isUpdated in
            context.diary.lastStep = step
            onStep(step)
            try watch.did(step, isUpdated)
        }
        hooks.checkSaves = saver.check
        if !keepsNothing { hooks.rescue = { rescue($0, saver) } }
        var trainer = Trainer(
            objective, plan(context), state: state,
            next: { try prefetcher.next(unless: shouldStop) },
            hooks: adding(to: hooks, model, context))
        onStart()
        try trainer.run()
    }

    /// What keeps a step that is not finite, which `write` writes the batches of.
    private func keeping<Batch>(
        _ start: StartingModel, _ write: @escaping (FailedStep, Batch, URL) throws -> Void
    ) -> ((PreparedStep<Batch>, Int) throws -> String)? {
        guard !keepsNothing else { return nil }
        return { prepared, step in
            try FailedStep(
                recipe, step: step, records: prepared.ids.map(\.description),
                StepConditions(recipe, start.model.store, step: step)
            ).keep(prepared, start, in: recipe.outputFolder, write)
        }
    }

    /// Saves a run that ends with an error, and says where.
    private func rescue(_ state: TrainingState, _ saver: CheckpointSaver) {
        let outcome = Result {
            try catchingTorchErrors {
                let folder = try saver.save(state, isRescue: true)
                try saver.finish()
                return folder
            }
        }
        switch outcome {
        case .success(let folder):
            say(
                "warning: run ends with an error (step \(state.step)): it was saved as "
                    + "\(folder.path); go on from there with resume=auto, or with resume=DIR under "
                    + "a recipe that has changed")
        case .failure(let error):
            say(
                "warning: run ends with an error (step \(state.step)): it could not be saved, for "
                    + error.localizedDescription)
        }
    }

    private func plan<Goal: Objective>(_ context: Context) -> Trainer<Goal>.Plan {
        var plan = Trainer<Goal>.Plan(
            optimizer: context.optimizer, parameters: context.start.model.store,
            schedule: recipe.learningRateSchedule,
            maxGradientNorm: recipe.optimizer.maxGradientNorm,
            logEverySteps: recipe.logging.everySteps,
            saveEverySteps: recipe.checkpoint.everySteps, peakRate: peakRate(of: context.start))
        let runtime = recipe.runtime
        plan.notFiniteBudget = runtime.onNotFinite == .skip ? runtime.notFiniteBudget : 0
        plan.evaluateEverySteps = evaluate == nil ? nil : recipe.evaluation?.everySteps
        plan.bestMetric = recipe.checkpoint.bestMetric
        return plan
    }

    private func adding<Goal: Objective>(
        to hooks: Trainer<Goal>.Hooks, _ model: EmbeddingModel, _ context: Context
    ) -> Trainer<Goal>.Hooks {
        var hooks = hooks
        hooks.tell = { event in
            try context.diary.journal.note(event)
        }
        guard let evaluate else { return hooks }
        let trained = TrainedModel(
            model: model, processor: context.start.processor,
            contract: context.start.files.contract)
        // What is scored is what the run would leave.
        let optimizer = context.optimizer
        hooks.evaluate = { step in try optimizer.withAverages { try evaluate(trained, step) } }
        return hooks
    }

    /// Measured here, for it differs between machines and between days.
    private func peakRate(of start: StartingModel) -> Double {
        let store = start.model.store
        let device = start.model.backbone.embeddingWeight.device
        return GEMMPeak.measure(
            store.dtype, on: device, size: device.kind == .cpu ? 1024 : 8192
        ).perSecond
    }

    // MARK: - The run folder

    private func startingCheckpoint() throws -> Checkpoint? {
        let folder = recipe.outputFolder
        try Checkpoint.removePartialOnes(in: folder)
        switch recipe.resume {
        case .from(let checkpoint): return try Checkpoint(opening: checkpoint)
        case .auto: return try Checkpoint.newest(in: folder, warn: say)
        case .never: return nil
        }
    }

    /// Makes the run folder that of this run; called when everything is loaded, so that a mistake
    /// in the recipe does not cost an earlier run.
    private func takeRunFolder(_ context: Context) throws {
        try RunFile.write(
            Data(recipe.yaml().utf8), to: recipe.outputFolder.appending(path: Recipe.fileName))
        try context.diary.open()
        try clearRunFolder(context.checkpoint)
        guard context.checkpoint != nil else { return }
        try context.diary.begin(context.state)
        try context.saver.judge(context.state)
    }

    /// Clears away the checkpoints that this run does not go on from.
    private func clearRunFolder(_ start: Checkpoint?) throws {
        let folder = recipe.outputFolder
        switch (recipe.resume, start) {
        case (.never, _):
            for old in try Checkpoint.folders(in: folder) { try old.remove() }
            try BestCheckpoint.remove(from: folder)
        case (.from, let start?): try Checkpoint.putAside(after: start, in: folder, say: say)
        default: break
        }
    }

    private func startingState(_ checkpoint: Checkpoint?) throws -> TrainingState {
        let text = try recipe.decisiveText()
        guard let checkpoint else { return TrainingState(recipe: text) }
        var state = try checkpoint.readState()
        if case .auto = recipe.resume, state.recipe != text {
            throw TrainingError.recipeChanged(
                checkpoint: checkpoint.folder.path,
                changes: try Recipe.changes(from: state.recipe, to: text))
        }
        state.recipe = text
        return state
    }
}
