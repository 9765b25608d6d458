// The logs of a run folder, which grow as the run trains.

import Foundation
import MoCaCore
import MoCaModel
import MoCaRunLog
import MoCaSystem

/// The logs of one run and the monitors that write to them.
///
/// Nothing of an earlier run is removed before `open`, so that a mistake found while a run starts
/// does not damage the earlier run.
final class RunLogger {
    let events: EventLog
    private let metrics: StepLog
    private let recipe: Recipe
    private let say: (String) -> Void
    private let step: Int
    /// Whether this process writes the logs, as only the first one of a run does.
    private let isActive: Bool
    /// The logs other than `metrics` and `events`.
    private var logs: [StepLog] = []
    private var isOpen = false
    /// The last finished step.
    var lastStep: Int

    /// Creates the logs of a run that continues from `state`.
    ///
    /// - Parameter isActive: Whether this process writes them; others only read.
    init(
        _ recipe: Recipe, after state: TrainingState, say: @escaping (String) -> Void,
        isActive: Bool = true
    ) {
        self.isActive = isActive
        let step = state.step
        self.recipe = recipe
        self.step = step
        self.say = say
        lastStep = step
        let folder = recipe.outputFolder
        metrics = StepLog(
            folder.appending(path: MetricsRow.fileName),
            // A due line will be written, even if an earlier process has written it already.
            after: state.isLogDue ? step - 1 : step)
        events = EventLog(
            // The end of an earlier attempt without a checkpoint does not belong to this run.
            StepLog(folder.appending(path: RunEvent.fileName), after: step == 0 ? -1 : step),
            say: say)
    }

    /// Opens all logs, and removes their lines after the step that the run continues from.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func open() throws {
        try metrics.open()
        try events.open()
        for log in logs { try log.open() }
        if recipe.logging.writesEventFiles {
            let folder = recipe.outputFolder.appending(path: EventFile.folderName)
            try RunFile.naming(folder) {
                events.eventFile = try EventFile(in: folder, after: step)
            }
        }
        isOpen = true
    }

    /// Appends a row to `metrics.jsonl` and its values to the TensorBoard file.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func append(_ row: MetricsRow) throws {
        try metrics.append(row.jsonLine)
        try events.draw(row.eventValues, step: row.step)
    }

    /// Synchronizes the logs, which a resumed run reads, with the disk.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    static func synchronize(in runFolder: URL) throws {
        for url in RunLogFile.names.map({ runFolder.appending(path: $0) })
        where FileManager.default.fileExists(atPath: url.path) {
            try RunFile.naming(url) { try FileSystem.synchronize(url) }
        }
    }

    private func log(_ name: String) -> StepLog {
        let log = StepLog(recipe.outputFolder.appending(path: name), after: step)
        logs.append(log)
        return log
    }

    /// Creates the monitor of the embeddings' health.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func health() throws -> HealthMonitor {
        try HealthMonitor(
            everySteps: recipe.logging.healthEverySteps, totalSteps: recipe.schedule.totalSteps,
            log: log(HealthRow.fileName), events: events)
    }

    /// Creates the monitor of the patch decoder.
    ///
    /// - Throws: `DataError`.
    func reconstructions(
        _ settings: Recipe.Reconstruction, _ start: TrainingSetup, _ model: ReconstructionModel
    ) throws -> ReconstructionMonitor {
        try ReconstructionMonitor(
            recipe, settings, start, model, log: log(ReconstructionRow.fileName), events: events)
    }

    /// Creates the log of failed records.
    func quarantine() -> QuarantineLog {
        QuarantineLog(log: log(RunLogFile.quarantine), step: step, isActive: isActive)
    }

    // MARK: Events

    /// Logs the step that a resumed run continues from.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func begin(_ state: TrainingState) throws {
        guard state.step < recipe.schedule.totalSteps else { return }
        try events.append(
            RunEvent(
                step: state.step, kind: .resumed, text: "went on from checkpoint-\(state.step)"))
    }

    /// Logs that the run is finished, unless that is the last event already.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func finish() throws {
        guard isActive, try events.lastKind() != .finished else { return }
        let total = recipe.schedule.totalSteps
        try events.append(
            RunEvent(step: total, kind: .finished, text: "all \(total) steps are done"))
    }

    /// Runs `body`, and logs the error that it throws if the logs are open.
    ///
    /// - Throws: The error of `body`.
    func loggingFailure<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch {
            if isOpen { append(error) }
            throw error
        }
    }

    private func append(_ error: any Error) {
        var ending: RunEvent
        switch error as? TrainingError {
        case .interrupted(let step, let checkpoint, _):
            // Only the name, because a run folder may be moved.
            let name = checkpoint.map { URL(filePath: $0).lastPathComponent }
            ending = RunEvent(
                step: step ?? 0, kind: .interrupted,
                text: "a signal ended the run; "
                    + (name.map { "it was saved as \($0)" } ?? "nothing was there to be saved"))
        case .notFinite(let step, let loss, let norm, let records, let saved):
            // The last finished step, because a run that continues from it removes later lines.
            ending = RunEvent(
                step: lastStep, kind: .stopped,
                text: "step \(step): loss \(loss), gradient norm \(norm); \(saved.named); its "
                    + "records are \(TrainingError.list(records))")
            ending.records = records
        default:
            let text = (error as? any UserFacingError)?.oneLine ?? error.localizedDescription
            ending = RunEvent(step: lastStep, kind: .stopped, text: text)
        }
        do {
            try events.append(ending)
        } catch let failure {
            // The error that ended the run is the one to throw.
            say("warning: how the run ended is not noted: \(failure.localizedDescription)")
        }
    }
}

/// The callbacks before and after each step of a run.
struct StepWatch<Batch> {
    var will: (PreparedStep<Batch>, Int) -> Void
    var did: (Int, Bool) throws -> Void

    /// Callbacks that do nothing.
    static var none: Self { Self(will: { _, _ in }, did: { _, _ in }) }
}
