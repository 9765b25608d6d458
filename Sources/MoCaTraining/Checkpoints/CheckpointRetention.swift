// The rules for keeping checkpoints: the newest ones, those at round steps, and the best one.

import Foundation
import MoCaSystem

/// Removes the checkpoints that no rule keeps.
struct CheckpointRetention: Sendable {
    private let runFolder: URL
    private let settings: Recipe.Checkpoints

    init(_ runFolder: URL, _ settings: Recipe.Checkpoints) {
        (self.runFolder, self.settings) = (runFolder, settings)
    }

    /// Records whether the checkpoint of `state` is the best, then removes old ones. Idempotent.
    ///
    /// - Returns: A warning for users, if any.
    /// - Throws: `TrainingError`.
    func apply(newest state: TrainingState) throws -> String? {
        let (best, warning) = try noteBest(state)
        let complete = try Checkpoint.all(in: runFolder)
        // Only complete checkpoints count: a damaged one must not displace a usable one.
        for old in complete.dropLast(settings.keep) {
            let isRound = settings.keepEverySteps.map { old.step.isMultiple(of: $0) } ?? false
            guard old.step != state.step, old.step != best?.step, !isRound else { continue }
            try old.remove()
        }
        return warning
    }

    /// Records whether the checkpoint of `state` is the best one. Idempotent.
    ///
    /// - Returns: The best checkpoint, if known, and a warning for users, if any.
    /// - Throws: `TrainingError`.
    func noteBest(
        _ state: TrainingState
    ) throws -> (best: BestCheckpoint?, warning: String?) {
        guard let metric = settings.bestMetric else { return (nil, nil) }
        var (known, warning): (BestCheckpoint?, String?)
        do {
            known = try BestCheckpoint(reading: runFolder)
        } catch let error as TrainingError {
            // The file holds only a name and a number: not worth failing the save.
            warning = (error.errorDescription ?? "") + "; the best checkpoint is chosen anew"
        }
        // A run resumed from an older checkpoint has not reached that step yet.
        let old = known?.metric == metric && known?.step ?? 0 <= state.step ? known : nil
        // While a log row is due, the value is that of an earlier step.
        guard let value = state.watchedValue, !state.isLogDue else { return (old, warning) }
        if let old, old.step != state.step, !settings.isBetter(value, than: old.value) {
            return (old, warning)
        }
        let new = BestCheckpoint(
            metric: metric, mode: settings.resolvedBestMode, value: value, step: state.step,
            checkpoint: Checkpoint.folder(of: state.step, in: runFolder).lastPathComponent)
        try new.write(to: runFolder)
        return (new, warning)
    }
}

/// best.json of a run folder: the best checkpoint so far.
struct BestCheckpoint: Sendable, Hashable, Codable {
    static let fileName = "best.json"

    var metric: String
    var mode: Recipe.BestMode
    /// The last value of the metric before the checkpoint was saved.
    var value: Double
    var step: Int
    /// The name of the checkpoint's folder.
    var checkpoint: String

    init(metric: String, mode: Recipe.BestMode, value: Double, step: Int, checkpoint: String) {
        (self.metric, self.mode, self.value) = (metric, mode, value)
        (self.step, self.checkpoint) = (step, checkpoint)
    }

    /// Reads the file of a run folder; nil if there is none.
    ///
    /// - Throws: `TrainingError.unreadableFile`.
    init?(reading runFolder: URL) throws {
        let url = runFolder.appending(path: Self.fileName)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: url))
        } catch {
            throw TrainingError.unreadableFile(
                path: url.path, reason: error.localizedDescription)
        }
    }

    /// Removes the file from a run folder.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    static func remove(from runFolder: URL) throws {
        let url = runFolder.appending(path: fileName)
        try RunFile.naming(url) { try FileSystem.remove(url) }
    }

    /// Writes the file into a run folder.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func write(to runFolder: URL) throws {
        try RunFile.write(json: self, to: runFolder.appending(path: Self.fileName))
    }
}
