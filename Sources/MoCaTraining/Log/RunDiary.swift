// The files of a run folder that grow as it trains.

import Foundation
import MoCaModel

/// All logs of one run, and what writes to them.
struct RunDiary {
    let metrics: StepLog
    let journal: RunJournal
    private let recipe: Recipe
    private let step: Int

    /// Opens the logs; what they say after the step of `state` is removed.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    init(_ recipe: Recipe, after state: TrainingState, say: @escaping (String) -> Void) throws {
        let step = state.step
        (self.recipe, self.step) = (recipe, step)
        let folder = recipe.outputFolder
        let events =
            recipe.logging.writesEventFiles
            ? try EventFile(in: folder.appending(path: EventFile.folderName), after: step) : nil
        metrics = try StepLog(
            folder.appending(path: Self.metricsName),
            // A line that is due will be written; an earlier process may have done so already.
            after: state.isLogDue ? step - 1 : step,
            mirror: { try events?.append(numbersOf: $0) })
        journal = RunJournal(
            try StepLog(folder.appending(path: RunJournal.fileName), after: step),
            events: events, say: say)
    }

    static let metricsName = "metrics.jsonl"
    static let quarantineName = "quarantine.jsonl"

    /// Puts on the disk what a resumed run reads.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    static func synchronize(in runFolder: URL) throws {
        let names = [
            metricsName, RunJournal.fileName, HealthPanel.fileName, ReconstructionRow.fileName,
            quarantineName,
        ]
        for url in names.map({ runFolder.appending(path: $0) })
        where FileManager.default.fileExists(atPath: url.path) {
            try RunFile.naming(url) { try CompleteFolder.synchronize(url) }
        }
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

    /// What takes the records that fail.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func quarantine() throws -> QuarantineLog {
        QuarantineLog(log: try log(Self.quarantineName), step: step)
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
            case .interrupted(let step, let checkpoint, _):
                // The name only: a run folder may move.
                let name = checkpoint.map { URL(filePath: $0).lastPathComponent }
                try journal.note(
                    .interrupted, step: step ?? 0,
                    "a signal ended the run; "
                        + (name.map { "it was saved as \($0)" } ?? "nothing was there to be saved"),
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
    var did: (Int, Bool) throws -> Void
}
