// Which checkpoints stay: the newest ones, those of round steps, and the best one.

import Foundation
import MoCaSystem

/// Removes checkpoints that no rule keeps.
struct CheckpointRetention: Sendable {
    private let runFolder: URL
    private let settings: Recipe.Checkpoints

    init(_ runFolder: URL, _ settings: Recipe.Checkpoints) {
        (self.runFolder, self.settings) = (runFolder, settings)
    }

    /// Notes whether the checkpoint of `state` is the best one, then removes old ones. Doing it
    /// again changes nothing.
    ///
    /// - Returns: what people are to be warned of.
    /// - Throws: `TrainingError`.
    func apply(newest state: TrainingState) throws -> String? {
        let (best, warning) = try noteBest(state)
        let complete = try Checkpoint.all(in: runFolder)
        // A damaged checkpoint does not take the place of one that can be used.
        for old in complete.dropLast(settings.keep) {
            let isRound = settings.keepEverySteps.map { old.step.isMultiple(of: $0) } ?? false
            guard old.step != state.step, old.step != best?.step, !isRound else { continue }
            try old.remove()
        }
        return warning
    }

    /// Notes whether the checkpoint of `state` is the best one. Doing it again changes nothing.
    ///
    /// - Returns: the best one, where one is known, and what people are to be warned of.
    /// - Throws: `TrainingError`.
    func noteBest(
        _ state: TrainingState
    ) throws -> (best: BestCheckpoint?, warning: String?) {
        guard let metric = settings.bestMetric else { return (nil, nil) }
        var (known, warning): (BestCheckpoint?, String?)
        do {
            known = try BestCheckpoint(reading: runFolder)
        } catch let error as TrainingError {
            // It holds a name and a number: not worth the checkpoints to come.
            warning = (error.errorDescription ?? "") + "; the best checkpoint is chosen anew"
        }
        // A run that went on from an older checkpoint has not been there yet.
        let old = known?.metric == metric && known?.step ?? 0 <= state.step ? known : nil
        // While a line is due, the value is that of an earlier step.
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

/// best.json of a run folder: which checkpoint is the best one so far.
struct BestCheckpoint: Sendable, Hashable, Codable {
    static let fileName = "best.json"

    var metric: String
    var mode: Recipe.BestMode
    /// The last value of the metric before the checkpoint was saved.
    var value: Double
    var step: Int
    /// The folder's name.
    var checkpoint: String

    init(metric: String, mode: Recipe.BestMode, value: Double, step: Int, checkpoint: String) {
        (self.metric, self.mode, self.value) = (metric, mode, value)
        (self.step, self.checkpoint) = (step, checkpoint)
    }

    /// nil where there is none.
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

    /// - Throws: `TrainingError.cannotWrite`.
    static func remove(from runFolder: URL) throws {
        let url = runFolder.appending(path: fileName)
        try RunFile.naming(url) { try FileSystem.remove(url) }
    }

    /// - Throws: `TrainingError.cannotWrite`.
    func write(to runFolder: URL) throws {
        try RunFile.write(json: self, to: runFolder.appending(path: Self.fileName))
    }
}
