// The files of a run folder that grow as it trains.

import Foundation
import MoCaModel

/// All logs of one run, and what writes to them.
struct RunDiary {
    let metrics: StepLog
    let journal: RunJournal
    private let recipe: Recipe
    private let step: Int

    /// Opens the logs; what they say after `step` is removed.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    init(_ recipe: Recipe, after step: Int, say: @escaping (String) -> Void) throws {
        (self.recipe, self.step) = (recipe, step)
        let folder = recipe.outputFolder
        let events =
            recipe.logging.writesEventFiles
            ? try EventFile(in: folder.appending(path: EventFile.folderName), after: step) : nil
        metrics = try StepLog(
            folder.appending(path: "metrics.jsonl"), after: step,
            mirror: { try events?.append(numbersOf: $0) })
        journal = RunJournal(
            try StepLog(folder.appending(path: RunJournal.fileName), after: step),
            events: events, say: say)
    }

    private func log(_ name: String) throws -> StepLog {
        try StepLog(recipe.outputFolder.appending(path: name), after: step)
    }

    /// What watches the embeddings.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func health() throws -> HealthMonitor {
        try HealthMonitor(
            everySteps: recipe.logging.healthEverySteps, totalSteps: recipe.schedule.totalSteps,
            log: try log(HealthPanel.fileName), journal: journal)
    }

    /// What watches the patch decoder.
    ///
    /// - Throws: `TrainingError.cannotWrite`, `DataError`.
    func reconstructions(
        _ settings: Recipe.Reconstruction, _ start: StartingModel, _ model: ReconstructionModel
    ) throws -> ReconstructionMonitor {
        try ReconstructionMonitor(
            recipe, settings, start, model, log: log(ReconstructionRow.fileName), journal: journal)
    }

    // MARK: Events

    /// Notes where a resumed run goes on.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func begin(_ state: TrainingState, isResumed: Bool) throws {
        guard isResumed, state.step < recipe.schedule.totalSteps else { return }
        try journal.note(
            .resumed, step: state.step, "went on from checkpoint-\(state.step)", isSilent: true)
    }

    /// Notes that the last step is done.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func finish() throws {
        let total = recipe.schedule.totalSteps
        try journal.note(.finished, step: total, "all \(total) steps are done", isSilent: true)
    }

    /// Notes why `body` ended early.
    ///
    /// - Throws: what `body` throws.
    func noting(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as TrainingError {
            switch error {
            case .interrupted(let step, _):
                try journal.note(
                    .interrupted, step: step ?? 0, "a signal ended the run; it was saved",
                    isSilent: true)
            case .notFinite(let step, let loss, let norm, _, _):
                try journal.note(
                    .stopped, step: step, "loss \(loss), gradient norm \(norm)", isSilent: true)
            default: break
            }
            throw error
        }
    }
}

/// Who is told about the steps of a run.
struct StepWatch<Batch> {
    var will: (PreparedStep<Batch>, Int) -> Void
    var did: (Int) throws -> Void
}
