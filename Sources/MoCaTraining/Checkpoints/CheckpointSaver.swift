// Saving as a run goes: copies are taken, a thread writes them, and old checkpoints go.

import Foundation
import Synchronization

/// Saves the checkpoints of one run, at most one at a time.
final class CheckpointSaver {
    private let runFolder: URL
    private let settings: Recipe.Checkpoints
    private let parts: [CheckpointPart]
    /// Takes warnings for people.
    private let say: (String) -> Void
    /// Called when all is written, before the checkpoint gets its name.
    private let willComplete: () throws -> Void
    /// The step whose checkpoint is the last one that was begun.
    private var savedStep: Int?
    private var writing: Writing?

    /// - Parameter resumed: what the run goes on from.
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

    /// Saves `state` and the parts as they are now; returns the folder, which is complete when
    /// `finish` has returned (at once, unless saving is asynchronous).
    ///
    /// - Parameter isRescue: whether an error has ended the run; then older checkpoints stay, for
    ///   what led to the error may be in this one.
    /// - Throws: `TrainingError`, `SafetensorsError`: what went wrong in the save before, too.
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
            writing = Writing(work)
        } else {
            tell(try work.body())
        }
        return folder
    }

    /// Notes whether the checkpoint that the run goes on from is the best one, which a kill right
    /// after it was saved left undone. Nothing is removed before the next regular save: older
    /// checkpoints may be there because what led to an error may be in this one.
    ///
    /// - Throws: `TrainingError`.
    func judge(_ state: TrainingState) throws {
        guard savedStep == state.step else { return }
        tell(try CheckpointRetention(runFolder, settings).noteBest(state).warning)
    }

    private func tell(_ warning: String?) {
        if let warning { say("warning: \(warning)") }
    }

    /// What went wrong in a save that is over; does not wait.
    ///
    /// - Throws: `TrainingError`, `SafetensorsError`.
    func check() throws {
        guard let writing, writing.isOver else { return }
        try finish()
    }

    /// Waits for the save in flight.
    ///
    /// - Throws: what went wrong in it.
    func finish() throws {
        guard let writing else { return }
        self.writing = nil
        tell(try writing.wait())
    }

    /// Handed to the thread that runs it; nobody else has what it holds.
    private struct Work: @unchecked Sendable {
        /// Returns what people are to be warned of.
        let body: () throws -> String?
    }

    /// A save on a thread of its own.
    private final class Writing: Sendable {
        private let result = Mutex<Result<String?, any Error>?>(nil)
        private let end = DispatchSemaphore(value: 0)

        init(_ work: Work) {
            let thread = Thread { [self] in
                let outcome = Result { try work.body() }
                result.withLock { $0 = outcome }
                end.signal()
            }
            thread.name = "moca.checkpoint"
            thread.start()
        }

        var isOver: Bool { result.withLock { $0 != nil } }

        func wait() throws -> String? {
            end.wait()
            end.signal()
            return try result.withLock { $0 }?.get() ?? nil
        }
    }
}
