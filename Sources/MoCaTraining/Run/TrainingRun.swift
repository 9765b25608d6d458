// A recipe becomes a run: start or resume, train, and leave a model in Hugging Face layout.

package import Foundation
import MoCaData
import MoCaModel
import MoCaObjectives
import NN
import Torch

/// Runs recipes.
///
///     try TrainingRun(recipe, say: { print($0) }).run()
package struct TrainingRun {
    private let recipe: Recipe
    private let say: (String) -> Void
    private let shouldStop: () -> Bool
    /// Told about each logged step, after it was written to `metrics.jsonl`.
    private let onLog: (StepReport) throws -> Void

    /// - Parameters:
    ///   - say: takes lines for people.
    ///   - shouldStop: asked after each step; the run is then saved and ends.
    package init(
        _ recipe: Recipe, say: @escaping (String) -> Void,
        shouldStop: @escaping () -> Bool = { false },
        onLog: @escaping (StepReport) throws -> Void = { _ in }
    ) {
        (self.recipe, self.say) = (recipe, say)
        (self.shouldStop, self.onLog) = (shouldStop, onLog)
    }

    /// The final model's folder in a run folder.
    package static let modelName = "model"

    /// Trains to the end.
    ///
    /// - Returns: the final model's folder.
    /// - Throws: `TrainingError`, and what reading models and data throws.
    @discardableResult
    package func run() throws -> URL {
        try makeRunFolder()
        let checkpoint = try startingCheckpoint()
        let start = try catchingTorchErrors {
            try StartingModel(recipe, resuming: checkpoint)
        }
        let state = try startingState(checkpoint)
        try write(recipe.yaml(), to: "recipe.yaml")
        let metrics = try log("metrics.jsonl", after: state)
        let optimizer = AdamW(
            start.model.store.parameters, settings: recipe.optimizer.adamW,
            undecayed: [ContrastiveObjective.logScaleKey])
        try checkpoint?.restore(optimizer)
        if let checkpoint { say("resuming at step \(state.step) (\(checkpoint.folder.path))") }
        switch recipe.objective {
        case .reconstruction(let settings):
            try train(start, optimizer, state, metrics, settings)
        case .contrastive(let settings):
            try train(start, optimizer, state, metrics, settings)
        }
        let folder = recipe.outputFolder.appending(path: Self.modelName)
        try CompleteFolder.write(folder) { partial in
            try start.files.write(to: partial)
            try start.model.save(to: partial, includesHeads: recipe.stage == .pretraining)
        }
        say("model written to \(folder.path)")
        return folder
    }

    // MARK: - Stages

    private func train(
        _ start: StartingModel, _ optimizer: AdamW, _ state: TrainingState,
        _ metrics: StepLog, _ settings: Recipe.Reconstruction
    ) throws {
        guard var reconstruction = start.model.reconstruction else {
            preconditionFailure("a model for pre-training has its heads")
        }
        reconstruction.backbone.recomputesLayers = recipe.runtime.recomputesLayers
        let source = try ReconstructionSource(
            recipe, settings, start, cursor: state.cursor, quarantine: quarantineLog(state))
        let objective = ReconstructionObjective(reconstruction, settings.loss)
        try train(objective, source, start, optimizer, state, metrics) { failed, batch, url in
            try failed.write(batch, to: url)
        }
    }

    private func train(
        _ start: StartingModel, _ optimizer: AdamW, _ state: TrainingState,
        _ metrics: StepLog, _ settings: Recipe.Contrastive
    ) throws {
        let source = try ContrastiveSource(
            recipe, settings, start, cursor: state.cursor, quarantine: quarantineLog(state))
        var backbone = start.model.backbone
        backbone.recomputesLayers = recipe.runtime.recomputesLayers
        let model = EmbeddingModel(
            backbone,
            PoolingSettings(attention: settings.attention, pooling: settings.pooling))
        let objective = ContrastiveObjective(model, settings.loss, logScale: start.logScale)
        try train(objective, source, start, optimizer, state, metrics) { failed, batch, url in
            try failed.write(batch, to: url)
        }
    }

    private func train<Goal: Objective, Source: StepSource<Goal.Batch>>(
        _ objective: Goal, _ source: Source, _ start: StartingModel, _ optimizer: AdamW,
        _ state: TrainingState, _ metrics: StepLog,
        keep: @escaping (FailedStep, Goal.Batch, URL) throws -> Void
    ) throws {
        let prefetcher = Prefetcher(
            source, ahead: recipe.runtime.prefetch,
            count: max(0, recipe.schedule.totalSteps - state.step))
        let plan = Trainer<Goal>.Plan(
            optimizer: optimizer, parameters: start.model.store,
            schedule: recipe.learningRateSchedule,
            maxGradientNorm: recipe.optimizer.maxGradientNorm,
            logEverySteps: recipe.logging.everySteps,
            saveEverySteps: recipe.checkpoint.everySteps, peakRate: peakRate(of: start))
        let hooks = Trainer<Goal>.Hooks(
            log: { report in
                try metrics.append(report.jsonLine)
                say(report.line)
                try onLog(report)
            },
            save: { state in
                try Checkpoint.write(
                    state, start.model, optimizer, start.files, into: recipe.outputFolder,
                    keep: recipe.checkpoint.keep
                ).folder.path
            },
            keepFailure: { prepared, step in
                try keepFailure(prepared, step, start, keep)
            },
            shouldStop: shouldStop)
        var trainer = Trainer(
            objective, plan, state: state, next: { try prefetcher.next() }, hooks: hooks)
        try trainer.run()
    }

    /// Measured here, for it differs between machines and between days.
    private func peakRate(of start: StartingModel) -> Double {
        let store = start.model.store
        let device = start.model.backbone.embeddingWeight.device
        return GEMMPeak.measure(
            store.dtype, on: device, size: device.kind == .cpu ? 1024 : 8192
        ).perSecond
    }

    /// Writes the batches and the weights of a step that is not finite.
    private func keepFailure<Batch>(
        _ prepared: PreparedStep<Batch>, _ step: Int, _ start: StartingModel,
        _ keep: (FailedStep, Batch, URL) throws -> Void
    ) throws -> String {
        let folder = recipe.outputFolder.appending(path: "not-finite-\(step)")
        let failed = try FailedStep(
            recipe, start.model.configuration, step: step,
            records: prepared.ids.map(\.description), dtype: start.model.store.dtype)
        try CompleteFolder.write(folder) { partial in
            try start.files.write(to: partial)
            try start.model.save(to: partial, includesHeads: true)
            for (number, batch) in prepared.batches.enumerated() {
                let name = number == 0 ? "batch" : "batch-\(number + 1)"
                try keep(failed, batch, partial.appending(path: "\(name).safetensors"))
            }
        }
        return folder.path
    }

    // MARK: - The run folder

    private func makeRunFolder() throws {
        do {
            try FileManager.default.createDirectory(
                at: recipe.outputFolder, withIntermediateDirectories: true)
        } catch {
            throw TrainingError.cannotWrite(
                path: recipe.outputFolder.path, reason: error.localizedDescription)
        }
    }

    private func startingCheckpoint() throws -> Checkpoint? {
        switch recipe.resume {
        case .from(let folder): return try Checkpoint(opening: folder)
        case .auto: return try Checkpoint.all(in: recipe.outputFolder).last
        case .never:
            for old in try Checkpoint.all(in: recipe.outputFolder) {
                try FileManager.default.removeItem(at: old.folder)
            }
            return nil
        }
    }

    private func startingState(_ checkpoint: Checkpoint?) throws -> TrainingState {
        let text = try recipe.decisiveText()
        guard let checkpoint else { return TrainingState(recipe: text) }
        var state = try checkpoint.readState()
        if case .auto = recipe.resume, state.recipe != text {
            throw TrainingError.recipeChanged(checkpoint: checkpoint.folder.path)
        }
        state.recipe = text
        return state
    }

    private func log(_ name: String, after state: TrainingState) throws -> StepLog {
        try StepLog(recipe.outputFolder.appending(path: name), after: state.step)
    }

    private func quarantineLog(_ state: TrainingState) throws -> QuarantineLog {
        QuarantineLog(log: try log("quarantine.jsonl", after: state), step: state.step)
    }

    private func write(_ text: String, to name: String) throws {
        let url = recipe.outputFolder.appending(path: name)
        do {
            try Data(text.utf8).write(to: url, options: .atomic)
        } catch {
            throw TrainingError.cannotWrite(path: url.path, reason: error.localizedDescription)
        }
    }
}
