// The errors of training runs.

import Foundation
package import MoCaCore
import MoCaSystem

/// An error of this target that is reported to the user.
package enum TrainingError: UserFacingError, Hashable {
    // Recipes
    case badRecipe(file: String, problems: [SettingsProblem])
    /// The recipe is for `stage`, but was read as one for the other stage.
    case otherStage(file: String, stage: Recipe.Stage)
    case unreadableRecipe(file: String, reason: String)
    case badOverride(argument: String, reason: String)

    // The start
    case deviceUnavailable(name: String)
    case missingFile(path: String)
    /// The recipe does not exist.
    case missingRecipe(file: String)
    case unreadableFile(path: String, reason: String)
    case badCheckpoint(path: String, reason: String)
    /// `changes` are the keys whose values differ, with the old and the new value.
    case recipeChanged(checkpoint: String, changes: [String])
    case tokenizerTooLarge(tokens: Int, rows: Int)
    /// The model has no pre-training heads and cannot reconstruct.
    case noPretrainingHeads(model: String)
    /// `what` is memory or disk; `remedies` are settings that need less of it.
    case doesNotFit(what: String, needed: Int, available: Int, remedies: [String])

    /// Memory ran out while loading or in a step; `remedies` are settings that need less.
    case outOfMemory(isLoading: Bool, reason: String, remedies: [String])

    // The run
    case badSample(name: String, reason: String)
    case notFinite(
        step: Int, loss: Double, gradientNorm: Double, records: [String], saved: KeptStep)
    /// `step` is nil before training began, `checkpoint` is nil when there was nothing to save;
    /// `isRepeatable` is true if the same command resumes the run.
    case interrupted(step: Int?, checkpoint: String?, isRepeatable: Bool = true)
    /// Another process of the run ended with an error before this step.
    case otherProcessFailed(step: Int)
    case unknownMetric(name: String, known: [String])
    case cannotWrite(path: String, reason: String)
    case folderInUse(path: String)

    package var kind: FailureKind {
        switch self {
        case .badRecipe, .otherStage, .unreadableRecipe, .badOverride, .recipeChanged,
            .unknownMetric, .doesNotFit, .noPretrainingHeads:
            .badConfiguration
        case .deviceUnavailable, .outOfMemory, .otherProcessFailed: .unavailable
        case .missingFile, .missingRecipe: .inputMissing
        case .unreadableFile: .inputOutput
        case .badCheckpoint, .tokenizerTooLarge, .badSample, .notFinite: .badData
        case .interrupted: .interrupted
        case .cannotWrite, .folderInUse: .cannotCreateOutput
        }
    }

    package var errorDescription: String? {
        switch self {
        case .badRecipe(let file, let problems):
            "recipe cannot be used (\(file)): "
                + problems.map(\.description).joined(separator: "; ")
        case .otherStage(let file, let stage):
            "recipe is of another stage (\(file)): it is one of \(stage.rawValue)"
        case .unreadableRecipe(let file, let reason):
            "recipe cannot be read (\(file)): \(reason)"
        case .badOverride(let argument, let reason):
            "override cannot be used (\(argument)): \(reason)"
        case .deviceUnavailable(let name):
            "device is not available (\(name)): libtorch does not find it"
        case .missingRecipe(let file):
            "recipe is missing (\(file)): there is no such file"
        case .missingFile(let path):
            "file is missing (\(path)): the model needs it"
        case .unreadableFile(let path, let reason):
            "file cannot be read (\(path)): \(reason)"
        case .badCheckpoint(let path, let reason):
            "checkpoint cannot be used (\(path)): \(reason)"
        case .recipeChanged(let checkpoint, let changes):
            "run cannot go on (\(checkpoint)): the recipe is not the one that it was started with"
                + (changes.isEmpty ? "" : " (\(Self.list(changes)))")
        case .tokenizerTooLarge(let tokens, let rows):
            "tokenizer does not fit the model (\(tokens) tokens): the embedding has \(rows) rows"
        case .noPretrainingHeads(let model):
            "model cannot reconstruct (\(model)): it has no heads of pre-training"
        case .doesNotFit(let what, let needed, let available, _):
            "run does not fit (\(what)): it needs \(Self.gigabytes(needed)), and there are "
                + Self.gigabytes(available)
        case .outOfMemory(let isLoading, let reason, _):
            "out of memory (\(isLoading ? "loading" : "training")): \(reason)"
        case .badSample(let name, let reason):
            "sample cannot be used (\(name)): \(reason)"
        case .notFinite(let step, let loss, let norm, let records, let saved):
            "training stopped (step \(step)): loss \(loss) and gradient norm \(norm) are not both "
                + "finite; \(saved); its records are "
                + Self.list(records)
        case .interrupted(let step, let checkpoint, _):
            "run was interrupted (\(step.map { "step \($0)" } ?? "while loading")): "
                + (checkpoint.map { "it was saved as \($0)" } ?? "there was nothing to save")
        case .otherProcessFailed(let step):
            "run was interrupted (step \(step)): another process of it ended with an error"
        case .unknownMetric(let name, let known):
            "best checkpoint cannot be chosen (\(name)): the run has no such metric, but "
                + known.joined(separator: ", ")
        case .cannotWrite(let path, let reason):
            "file cannot be written (\(path)): \(reason)"
        case .folderInUse(let path):
            "run folder is in use (\(path)): another process is training in it"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .badRecipe: "correct the keys that are named"
        case .otherStage(_, let stage): "train it in the stage \(stage.rawValue)"
        case .unreadableRecipe: "give a YAML file"
        case .badOverride: "write it as schedule.total_steps=100"
        case .deviceUnavailable: "set runtime.device to cpu or auto"
        case .missingRecipe: "check the path of the recipe"
        case .missingFile: "give a folder in Hugging Face layout"
        case .unreadableFile: "check the file and its permissions"
        case .badCheckpoint: "resume from another checkpoint, or start anew with resume=never"
        case .recipeChanged:
            "restore recipe.yaml of the run folder, name the checkpoint with resume=DIR to go on "
                + "all the same, or start anew with resume=never"
        case .tokenizerTooLarge: "use the tokenizer.json that belongs to the model"
        case .noPretrainingHeads: "take a model that was pre-trained with them"
        case .doesNotFit(_, _, _, let remedies), .outOfMemory(_, _, let remedies):
            "try \(remedies.joined(separator: "; "))"
        case .badSample: "correct the record, or take it out"
        case .notFinite(_, _, _, _, .failed):
            "make room for it; lower the learning rate or clip harder, or pass over such steps with "
                + "runtime.on_not_finite=skip"
        case .notFinite(_, _, _, _, .nothing):
            "lower the learning rate or clip harder, or pass over such steps with "
                + "runtime.on_not_finite=skip"
        case .notFinite:
            "replay it; lower the learning rate or clip harder, or pass over "
                + "such steps with runtime.on_not_finite=skip"
        case .interrupted(_, _, let isRepeatable):
            isRepeatable
                ? "run the same command again to go on"
                : "run the same command with resume=auto to go on"
        case .otherProcessFailed: "correct what the other process reports, and run it again"
        case .unknownMetric: "set checkpoint.best_metric to one of these"
        case .cannotWrite: "check the disk's space and the folder's permissions"
        case .folderInUse: "wait until it has ended, or give another output_dir"
        }
    }

    private static func gigabytes(_ bytes: Int) -> String {
        "\(NumberText.decimal(Double(bytes) / 1e9, digits: 2)) GB"
    }

    /// Returns the error for a failure to write `url`, with the system's message.
    static func cannotWrite(_ url: URL, _ error: any Error) -> TrainingError {
        var reason = error.fileReason
        // Foundation replaces the system's message by a less specific one.
        let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey]
        if let error = error as? POSIXError ?? underlying as? POSIXError {
            reason = String(cString: strerror(error.code.rawValue))
        } else if let error = underlying as? NSError, error.domain == NSPOSIXErrorDomain {
            reason = String(cString: strerror(Int32(truncatingIfNeeded: error.code)))
        }
        return .cannotWrite(path: url.path, reason: reason)
    }

    /// Returns the first 8 names as a list; those of a whole batch would hide the message.
    static func list(_ names: [String]) -> String {
        let shown = names.prefix(8).joined(separator: ", ")
        return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
    }
}
