// A run of a recipe: start or resume, train, and write a model in Hugging Face layout.

package import Foundation
import MoCaCore
import MoCaModel
import MoCaObjectives
package import MoCaRanks
package import MoCaRunLog
import MoCaSystem
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
    /// The processes of the run; nil for a run of one process.
    package var team: RankTeam?
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
        do {
            let lock = try collectives.together { try isFirst ? takeLock() : nil }
            try checkFolderIsShared()
            return try withExtendedLifetime(lock) { try runLocked() }
        } catch {
            throw team?.naming(error) ?? error
        }
    }

    private func takeLock() throws -> RunLock {
        try RunFile.makeFolder(recipe.outputFolder)
        return try RunLock(recipe.outputFolder)
    }

    private func runLocked() throws -> URL {
        // Before the model is loaded, so that a missing folder is reported at once.
        _ = try recipe.data.subsetFolders()
        let needs = try TrainingNeeds(recipe, ranks: RankLayout(team))
        if let problem = needs.problem(recipe) {
            say("warning: \(problem.oneLine)")
        }
        let checkpoint = try sharedStartingCheckpoint()
        let state = try startingState(checkpoint)
        let logger = RunLogger(recipe, after: state, say: say, isActive: isFirst)
        let (start, optimizer) = try collectives.together {
            try namingMemory(needs.loadingRemedies(recipe), isLoading: true) {
                try catchingTorchErrors { try load(checkpoint) }
            }
        }
        if let checkpoint { say("resuming at step \(state.step) (\(checkpoint.folder.path))") }
        let shards = optimizer.sharding == .none ? nil : team.map(ShardedSave.init)
        let saver = CheckpointSaver(
            recipe.outputFolder, recipe.checkpoint,
            parts: checkpointParts(start, optimizer, shards), resumed: checkpoint, shards: shards,
            say: say,
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
            return try FinalModel(recipe, start, optimizer, team: team).write()
        }
        say("model written to \(folder.path)")
        try logger.finish()
        return folder
    }

    /// Returns what this process writes into checkpoints.
    private func checkpointParts(
        _ start: TrainingSetup, _ optimizer: RankedAdamW, _ shards: ShardedSave?
    ) -> [CheckpointPart]? {
        let model = CheckpointPart.model(start.model, start.files, base: recipe.model.folder)
        let states = CheckpointPart.optimizer(
            optimizer, shards?.fileName ?? Checkpoint.optimizerName)
        return isFirst ? [model, states] : shards == nil ? nil : [states]
    }

    /// Loads the initial model and its optimiser onto the run's device.
    private func load(_ checkpoint: Checkpoint?) throws -> (TrainingSetup, RankedAdamW) {
        let start = try TrainingSetup(
            recipe, resuming: checkpoint, device: team?.group.device,
            rank: collectives.rank)
        let optimizer = try start.optimizer(recipe, over: collectives)
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
                try finishTogether(saver)
                throw TrainingError.interrupted(
                    step: step, checkpoint: checkpoint,
                    isRepeatable: recipe.resume == .auto || checkpoint == nil)
            }
            finish(saver)
            throw error
        } catch {
            if error is RankError { saver.abandonShards() }
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
        let optimizer: RankedAdamW
        let state: TrainingState
        let logger: RunLogger
        let saver: CheckpointSaver
        /// The checkpoint that the run resumes; nil for a fresh run.
        let checkpoint: Checkpoint?
    }
}
