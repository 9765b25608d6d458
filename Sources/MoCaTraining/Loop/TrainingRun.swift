// A recipe becomes a run: start or resume, train, and leave a model in Hugging Face layout.

package import Foundation
import MoCaCore
import MoCaModel
package import MoCaObjectives
import NN
import Torch

/// Runs recipes.
///
///     try TrainingRun(recipe, say: { print($0) }).run()
package struct TrainingRun {
    var recipe: Recipe
    let say: (String) -> Void
    let shouldStop: () -> Bool
    /// Receives each report after it is written to `metrics.jsonl`.
    let onLog: (StepReport) throws -> Void
    /// Receives the number of each completed step.
    let onStep: (Int) -> Void
    /// Called when everything is loaded, before the first step.
    package var onStart: () -> Void = {}
    /// Scores the model as it is at a step; nil when the run was asked to stop meanwhile.
    package var evaluate: ((TrainedModel, Int) throws -> [String: Double]?)?
    /// What the processes of the run exchange.
    package var collectives: any Collectives = SingleProcess()
    /// Whether the run only measures: it keeps neither steps that are not finite nor its state when
    /// it ends with an error.
    var keepsNothing = false

    /// Creates a run of `recipe`.
    ///
    /// - Parameters:
    ///   - say: Receives messages for people.
    ///   - shouldStop: Returns whether the run is to be saved and ended; called after each step.
    ///   - onLog: Receives each report after it is written to `metrics.jsonl`.
    ///   - onStep: Receives the number of each completed step.
    package init(
        _ recipe: Recipe, say: @escaping (String) -> Void,
        shouldStop: @escaping () -> Bool = { false },
        onLog: @escaping (StepReport) throws -> Void = { _ in },
        onStep: @escaping (Int) -> Void = { _ in }
    ) {
        self.recipe = recipe
        self.say = say
        self.shouldStop = shouldStop
        self.onLog = onLog
        self.onStep = onStep
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

    /// Everything that is loaded before the first step.
    struct Context {
        let start: StartingModel
        let optimizer: AdamW
        let state: TrainingState
        let diary: RunDiary
        let saver: CheckpointSaver
        /// The checkpoint that the run resumes; nil for a fresh run.
        let checkpoint: Checkpoint?
    }
}
