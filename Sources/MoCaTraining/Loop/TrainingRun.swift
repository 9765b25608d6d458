// A run of a recipe: start or resume, train, and write a model in Hugging Face layout.

package import Foundation
import MoCaCore
import MoCaModel
package import MoCaObjectives
package import MoCaRunLog
import NN
import Torch

/// Runs recipes.
///
///     try TrainingRun(recipe, say: { print($0) }).run()
package struct TrainingRun {
    var recipe: Recipe
    let say: (String) -> Void
    let shouldStop: () -> Bool
    /// Receives each metrics row after it is written to `metrics.jsonl`.
    let onLog: (MetricsRow) throws -> Void
    /// Receives the number of each completed step.
    let onStep: (Int) -> Void
    /// Called after everything is loaded, before the first step.
    package var onStart: () -> Void = {}
    /// Scores the current model at a step; returns nil if a stop was requested meanwhile.
    package var evaluate: ((TrainedModel, Int) throws -> [String: Double]?)?
    /// The communication between the processes of the run.
    package var collectives: any Collectives = SingleProcess()
    /// Whether the run only measures: it then saves neither non-finite steps nor its state when it
    /// ends with an error.
    var keepsNothing = false

    /// Creates a run of `recipe`.
    ///
    /// - Parameters:
    ///   - say: Receives messages for users.
    ///   - shouldStop: Returns whether the run should be saved and ended; called after each step.
    ///   - onLog: Receives each metrics row after it is written to `metrics.jsonl`.
    ///   - onStep: Receives the number of each completed step.
    package init(
        _ recipe: Recipe, say: @escaping (String) -> Void,
        shouldStop: @escaping () -> Bool = { false },
        onLog: @escaping (MetricsRow) throws -> Void = { _ in },
        onStep: @escaping (Int) -> Void = { _ in }
    ) {
        self.recipe = recipe
        self.say = say
        self.shouldStop = shouldStop
        self.onLog = onLog
        self.onStep = onStep
    }

    /// The name of the final model's folder in a run folder.
    package static let modelName = "model"

    /// Trains until the last step.
    ///
    /// - Returns: The final model's folder.
    /// - Throws: `TrainingError`, and errors of reading models and data.
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
        // Before the model is loaded, so that a missing folder is reported at once.
        _ = try recipe.data.subsetFolders()
        let needs = try TrainingNeeds(recipe)
        if let problem = needs.problem(recipe) {
            say("warning: \(problem.oneLine)")
        }
        let checkpoint = try startingCheckpoint()
        let state = try startingState(checkpoint)
        let logger = RunLogger(recipe, after: state, say: say)
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
            willComplete: { try RunLogger.synchronize(in: recipe.outputFolder) })
        let context = Context(
            start: start, optimizer: optimizer, state: state, logger: logger, saver: saver,
            checkpoint: checkpoint)
        let folder = try logger.loggingFailure {
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
        try logger.finish()
        return folder
    }

    /// Loads the initial model and its optimiser onto the run's device.
    private func load(_ checkpoint: Checkpoint?) throws -> (TrainingSetup, AdamW) {
        let start = try TrainingSetup(recipe, resuming: checkpoint)
        let optimizer = try start.optimizer(recipe)
        try checkpoint?.restore(optimizer)
        return (start, optimizer)
    }

    /// Runs `body`, then waits for the save in flight, whether or not `body` threw.
    private func saving(with saver: CheckpointSaver, _ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as TrainingError {
            // A failed save is worse than an interruption: there is nothing to resume from.
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

    /// Runs `body`; an out-of-memory error is rethrown with the recipe keys that reduce memory.
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

    /// Waits for the save in flight after an error of the run; that error takes precedence.
    private func finish(_ saver: CheckpointSaver) {
        do {
            try saver.finish()
        } catch {
            say("warning: checkpoint could not be saved: \(error.localizedDescription)")
        }
    }

    /// Everything that is loaded before the first step.
    struct Context {
        let start: TrainingSetup
        let optimizer: AdamW
        let state: TrainingState
        let logger: RunLogger
        let saver: CheckpointSaver
        /// The checkpoint that the run resumes; nil for a fresh run.
        let checkpoint: Checkpoint?
    }
}
