// Saving during a run: snapshots are taken, a thread writes them, and old checkpoints are removed.

import Foundation
import MoCaRanks
import MoCaSystem

/// Saves the checkpoints of one run, at most one at a time.
final class CheckpointSaver {
    private let runFolder: URL
    private let settings: Recipe.Checkpoints
    /// The parts that this process writes; nil if it writes nothing.
    private let parts: [CheckpointPart]?
    /// The processes that write shards into one checkpoint; nil if this one writes alone.
    private let shards: ShardedSave?
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
    /// - Parameters:
    ///   - parts: What this process writes; nil if another process writes everything.
    ///   - resumed: The checkpoint that the run continues from; nil for a fresh run.
    ///   - shards: The processes that write into one checkpoint.
    init(
        _ runFolder: URL, _ settings: Recipe.Checkpoints, parts: [CheckpointPart]?,
        resumed: Checkpoint?, shards: ShardedSave? = nil, say: @escaping (String) -> Void,
        willComplete: @escaping () throws -> Void = {}
    ) {
        (self.say, self.willComplete, self.shards) = (say, willComplete, shards)
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
        do {
            return try start(state, folder, isRescue: isRescue)
        } catch {
            // The others must not wait for the folder.
            if let shards, shards.isFirst { shards.cancel(step: state.step) }
            throw error
        }
    }

    private func start(_ state: TrainingState, _ folder: URL, isRescue: Bool) throws -> URL {
        try finish()
        guard savedStep != state.step else {
            if !isRescue {
                tell(try CheckpointRetention(runFolder, settings).apply(newest: state))
            }
            return folder
        }
        savedStep = state.step
        guard let parts else { return folder }
        let writings = try parts.map { try $0.take(settings.isAsynchronous) }
        let work = work(state, in: folder, writings, isRescue: isRescue)
        if settings.isAsynchronous {
            writing = DedicatedThread(name: "moca.checkpoint") { try work.body() }
        } else {
            tell(try work.body())
        }
        return folder
    }

    private func work(
        _ state: TrainingState, in folder: URL, _ writings: [CheckpointPart.Writing],
        isRescue: Bool
    ) -> Work {
        let retention = CheckpointRetention(runFolder, settings)
        let (willComplete, shards) = (willComplete, shards)
        if let shards, !shards.isFirst {
            return Work {
                try shards.write(step: state.step, in: folder) { partial in
                    for write in writings { try write(partial) }
                }
                return nil
            }
        }
        return Work {
            do {
                try RunFile.writeFolder(folder) { partial in
                    try shards?.open(step: state.step)
                    for write in writings { try write(partial) }
                    try RunFile.write(
                        json: state, to: partial.appending(path: Checkpoint.stateName))
                    let known = try shards?.written(step: state.step) ?? [:]
                    try CheckpointManifest(of: partial, step: state.step, known: known)
                        .write(to: partial)
                    try willComplete()
                }
            } catch {
                shards?.cancel(step: state.step)
                throw error
            }
            return isRescue ? nil : try retention.apply(newest: state)
        }
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

    private static let abandonTime = Duration.seconds(10)

    /// Ends the wait for shards of other processes, which will not come. A save that does not end
    /// then, because the store does not answer, is left behind.
    func abandonShards() {
        guard let shards, let writing else { return }
        shards.abandon()
        if !writing.join(atMost: Self.abandonTime) { self.writing = nil }
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
