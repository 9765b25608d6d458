// The files of a run folder that grow as it trains.

import Foundation
import MoCaCore
import MoCaModel
import MoCaSystem

/// All logs of one run, and what writes to them. What an earlier run wrote stays as it is until
/// `open`, so that a mistake that is found while a run starts does not cost the run before.
final class RunDiary {
    let journal: RunJournal
    private let metrics: StepLog
    private let recipe: Recipe
    private let say: (String) -> Void
    private let step: Int
    /// The logs that were asked for, beside `metrics` and the journal's.
    private var logs: [StepLog] = []
    private var isOpen = false
    /// The last step that is done.
    var lastStep: Int

    /// Logs of a run that goes on from `state`.
    init(_ recipe: Recipe, after state: TrainingState, say: @escaping (String) -> Void) {
        let step = state.step
        (self.recipe, self.step, self.say, lastStep) = (recipe, step, say, step)
        let folder = recipe.outputFolder
        metrics = StepLog(
            folder.appending(path: Self.metricsName),
            // A line that is due will be written; an earlier process may have done so already.
            after: state.isLogDue ? step - 1 : step)
        journal = RunJournal(
            // How an earlier attempt ended before its first checkpoint is not of this run.
            StepLog(folder.appending(path: RunJournal.fileName), after: step == 0 ? -1 : step),
            say: say)
    }

    /// Opens all logs that were asked for; what they say after the step is removed.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func open() throws {
        try metrics.open()
        try journal.open()
        for log in logs { try log.open() }
        if recipe.logging.writesEventFiles {
            let folder = recipe.outputFolder.appending(path: EventFile.folderName)
            journal.events = try EventFile(in: folder, after: step)
        }
        isOpen = true
    }

    /// Writes a line of `metrics.jsonl`, and its numbers for TensorBoard.
    ///
    /// - Throws: `TrainingError.cannotWrite`, `ModelError.notJSON`.
    func append(_ report: StepReport) throws {
        try metrics.append(report.jsonLine)
        try journal.events?.append(numbersOf: report.jsonLine)
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
            try RunFile.naming(url) { try FileSystem.synchronize(url) }
        }
    }

    private func log(_ name: String) -> StepLog {
        let log = StepLog(recipe.outputFolder.appending(path: name), after: step)
        logs.append(log)
        return log
    }

    /// What watches the embeddings.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func health() throws -> HealthMonitor {
        try HealthMonitor(
            everySteps: recipe.logging.healthEverySteps, totalSteps: recipe.schedule.totalSteps,
            log: log(HealthPanel.fileName), journal: journal)
    }

    /// What watches the patch decoder.
    ///
    /// - Throws: `DataError`.
    func reconstructions(
        _ settings: Recipe.Reconstruction, _ start: StartingModel, _ model: ReconstructionModel
    ) throws -> ReconstructionMonitor {
        try ReconstructionMonitor(
            recipe, settings, start, model, log: log(ReconstructionRow.fileName), journal: journal)
    }

    /// What takes the records that fail.
    func quarantine() -> QuarantineLog {
        QuarantineLog(log: log(Self.quarantineName), step: step)
    }

    // MARK: Events

    /// Notes where a resumed run goes on.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func begin(_ state: TrainingState) throws {
        guard state.step < recipe.schedule.totalSteps else { return }
        try journal.note(
            .resumed, step: state.step, "went on from checkpoint-\(state.step)", isSilent: true)
    }

    /// Notes that the last step is done, unless that is what was noted last.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func finish() throws {
        guard try journal.lastKind() != .finished else { return }
        let total = recipe.schedule.totalSteps
        try journal.note(.finished, step: total, "all \(total) steps are done", isSilent: true)
    }

    /// Notes why `body` ended early, once the logs are open.
    ///
    /// - Throws: what `body` throws.
    func noting<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            if isOpen { note(error) }
            throw error
        }
    }

    private func note(_ error: any Error) {
        let ending: (kind: RunJournal.Kind, step: Int, text: String)
        var named: [String]?
        switch error as? TrainingError {
        case .interrupted(let step, let checkpoint, _):
            // The name only: a run folder may move.
            let name = checkpoint.map { URL(filePath: $0).lastPathComponent }
            ending = (
                .interrupted, step ?? 0,
                "a signal ended the run; "
                    + (name.map { "it was saved as \($0)" } ?? "nothing was there to be saved")
            )
        case .notFinite(let step, let loss, let norm, let records, let saved):
            // Under the last step that is done: a run that goes on from there removes later lines.
            ending = (
                .stopped, lastStep,
                "step \(step): loss \(loss), gradient norm \(norm); \(saved.named); its records "
                    + "are \(TrainingError.list(records))"
            )
            named = records
        default:
            let text = (error as? any UserFacingError)?.oneLine ?? error.localizedDescription
            ending = (.stopped, lastStep, text)
        }
        do {
            try journal.note(
                ending.kind, step: ending.step, ending.text, records: named, isSilent: true)
        } catch let failure {
            // The error that ended the run is the one to throw.
            say("warning: how the run ended is not noted: \(failure.localizedDescription)")
        }
    }
}

/// Who is told about the steps of a run.
struct StepWatch<Batch> {
    var will: (PreparedStep<Batch>, Int) -> Void
    var did: (Int, Bool) throws -> Void
}
