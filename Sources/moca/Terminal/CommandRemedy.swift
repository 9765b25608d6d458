// How to fix errors of the library with the options of a command: the library names settings.

import Foundation
import MoCaCore
import MoCaDataCheck
import MoCaDataPreparation
import MoCaEmbedding
import MoCaHub
import MoCaModel
import MoCaProcessing
import MoCaSearch
import MoCaTables
import MoCaTraining
import MoCaVectors
import Torch

extension UserFacingError {
    /// The error on one line, with a fix that names options of the program where the library's
    /// names settings.
    var commandLine: String {
        guard let fix = CommandRemedy.of(self) else { return oneLine }
        return "\(errorDescription ?? String(describing: self)); \(fix)"
    }
}

/// Fixes that name commands and options.
enum CommandRemedy {
    /// The fix of an error; nil if the library's is used.
    static func of(_ error: any UserFacingError) -> String? {
        switch error {
        case VectorError.badRecord(_, let cause), EmbeddingError.badInput(_, let cause),
            EmbeddingError.badNamedInput(_, let cause):
            of(cause)
        case let error as VectorError: of(error)
        case let error as SearchError: of(error)
        case let error as PreparationError: of(error)
        case let error as HubError: of(error)
        default: inputRemedy(error) ?? trainingRemedy(error)
        }
    }

    private static func inputRemedy(_ error: any UserFacingError) -> String? {
        switch error {
        case ProcessingError.tooLong: "shorten it, raise --max-length, or choose --truncation end"
        case ProcessingError.beyondPositions: "shorten it, or set --max-length"
        case EmbeddingError.notFinite: notFinite
        case EmbeddingError.notDecomposable: "use a model with mean pooling, or --pooling mean"
        case TorchError.outOfMemory:
            "use fewer tokens at a time (--batch-tokens) or a smaller --max-pixels"
        case DataError.imageMissing:
            "set the image folder ('images:' in a recipe, else --images)"
        case DataError.imageIsFolder: "name an image file; `moca index` takes folders"
        case DataCheckError.errorsFound(_, _, 0):
            "mend them, or leave them out with --quarantine and --max-error-rate"
        case DataCheckError.cannotCount:
            "see what `moca data check` finds; leave it out with --quarantine"
        default: nil
        }
    }

    private static func trainingRemedy(_ error: any UserFacingError) -> String? {
        switch error {
        case ModelError.biasNotTrained:
            "merge it first with `moca model merge`, and train the result"
        case ModelError.isAdapter(let folder): adapter(folder)
        case TrainingError.otherStage(_, let stage): "run it with `moca \(stage.rawValue)`"
        case TrainingError.noPretrainingHeads: "take a model that `moca pretrain` wrote"
        case TrainingError.notFinite(_, _, _, _, .folder):
            "look at it with `moca replay`; lower the learning rate or clip harder, or pass over "
                + "such steps with runtime.on_not_finite=skip"
        case ReplayError.missingTensor, ReplayError.badTensor, ReplayError.unknownObjective:
            "write the batch with the names and shapes that `moca help replay` lists"
        default: nil
        }
    }

    private static func of(_ error: VectorError) -> String? {
        switch error {
        case .notFinite: notFinite
        case .otherSettings, .otherRecords, .damagedProgress:
            "run again as before, or without --resume to start anew"
        case .vectorsInUse: "wait for it, or name another --output"
        case .interrupted: "run the same command with --resume"
        default: nil
        }
    }

    private static func of(_ error: SearchError) -> String? {
        switch error {
        case .noIndex: "make one with `moca index --index DIR PATH...`"
        case .outputExists: "go on with --resume, name another --output, or remove it"
        case .otherSettings, .damagedReport: "name another --output, or remove the folder"
        case .emptySubset: "leave it out of --data"
        case .miningInterrupted: "run the same command with --resume"
        default: nil
        }
    }

    private static func of(_ error: PreparationError) -> String? {
        switch error {
        case .noOutput: "give --output DIR, or the key output"
        case .notEnoughSpace: "free some, or give --output on another disk"
        case .inUse: "wait for it, or give another --output"
        default: nil
        }
    }

    private static func of(_ error: HubError) -> String? {
        switch error {
        case .isAdapter(let name): adapter(name)
        case .needsRequests: "allow requests (no --offline, HF_HUB_OFFLINE unset)"
        case .notCached, .incomplete:
            "allow requests (no --offline, HF_HUB_OFFLINE unset), or copy a complete cache"
        case .otherRevisions:
            "name one of these after @, or allow requests (no --offline, HF_HUB_OFFLINE unset)"
        default: nil
        }
    }

    private static let notFinite = "use --dtype float32, and check the weights for NaN or infinity"

    private static func adapter(_ name: String) -> String {
        "give it with --adapter \(name), and as --model the base_model_name_or_path of its "
            + "adapter_config.json"
    }
}
