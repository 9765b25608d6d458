// Saving during a run: snapshots are taken, a thread writes them, and old checkpoints are removed.

import Foundation
import MoCaSystem

/// Saves the checkpoints of one run, at most one at a time.
final class CheckpointSaver {
    private let runFolder: URL
    private let settings: Recipe.Checkpoints
    private let parts: [CheckpointPart]
    /// Receives warnings for users.
    private let say: (String) -> Void
    /// Called when all files are written, before the checkpoint gets its final name.
    private let willComplete: () throws -> Void
    /// The step of the last checkpoint whose save was started.
    private var savedStep: Int?
    /// The save in flight; its result is a warning for users, if any.
    private var writing: DedicatedThread<String?>?

    /// Creates a saver for a run folder.
    ///
    /// - Parameter resumed: The checkpoint that the run continues from; nil for a fresh run.
    init(
        _ runFolder: URL, _ settings: Recipe.Checkpoints, parts: [CheckpointPart],
        resumed: Checkpoint?, say: @escaping (String) -> Void,
        willComplete: @escaping () throws -> Void = {}
    ) {
        (self.say, self.willComplete) = (say, willComplete)
        (self.runFolder, self.settings, self.parts) = (runFolder, settings, parts)
        let own = resumed.map { Checkpoint.folder(of: $0.step, in: runFolder).path }
        savedStep = resumed?.folder.path == own ? resumed?.step : nil
    }

    /// Saves `state` and the current parts; returns the folder, which is complete once `finish`
    /// returns (immediately, unless saving is asynchronous).
    ///
    /// - Parameter isRescue: Whether an error has ended the run; older checkpoints are then kept,
    ///   because this one may contain the cause of the error.
    /// - Throws: `TrainingError`, `SafetensorsError`, also for a failure of the previous save.
    func save(_ state: TrainingState, isRescue: Bool = false) throws -> URL {
        let folder = Checkpoint.folder(of: state.step, in: runFolder)
        try finish()
        guard savedStep != state.step else {
            if !isRescue {
                tell(try CheckpointRetention(runFolder, settings).apply(newest: state))
            }
            return folder
        }
        let writings = try parts.map { try $0.take(settings.isAsynchronous) }
        let retention = CheckpointRetention(runFolder, settings)
        let willComplete = willComplete
        let work = Work {
            try RunFile.writeFolder(folder) { partial in
                for write in writings { try write(partial) }
                try RunFile.write(json: state, to: partial.appending(path: Checkpoint.stateName))
                try CheckpointManifest(of: partial, step: state.step).write(to: partial)
                try willComplete()
            }
            return isRescue ? nil : try retention.apply(newest: state)
        }
        savedStep = state.step
        if settings.isAsynchronous {
            writing = DedicatedThread(name: "moca.checkpoint") { try work.body() }
        } else {
            tell(try work.body())
        }
        return folder
    }

    /// Records whether the resumed checkpoint is the best one, in case the run was killed right
    /// after saving it. Nothing is removed before the next regular save: older checkpoints may
    /// have been kept because the resumed one may contain the cause of an error.
    ///
    /// - Throws: `TrainingError`.
    func judge(_ state: TrainingState) throws {
        guard savedStep == state.step else { return }
        tell(try CheckpointRetention(runFolder, settings).noteBest(state).warning)
    }

    private func tell(_ warning: String?) {
        if let warning { say("warning: \(warning)") }
    }

    /// Throws the error of a finished save, if it failed; does not wait.
    ///
    /// - Throws: `TrainingError`, `SafetensorsError`.
    func check() throws {
        guard let writing, writing.isFinished else { return }
        try finish()
    }

    /// Waits for the save in flight.
    ///
    /// - Throws: The error of that save.
    func finish() throws {
        guard let writing else { return }
        self.writing = nil
        tell(try writing.value())
    }

    /// Work handed to the thread that runs it; its contents are not shared with other threads.
    private struct Work: @unchecked Sendable {
        /// Returns a warning for users, if any.
        let body: () throws -> String?
    }
}
