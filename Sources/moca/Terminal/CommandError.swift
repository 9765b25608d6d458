// The errors of commands.

import Foundation
import MoCaCore

/// An error of a command, as shown to users.
enum CommandError: UserFacingError, Hashable {
    /// No `--model` was given, and there is no default model.
    case noDefaultModel
    /// The device is not available on this machine or in this build.
    case deviceUnavailable(String)
    /// The file or folder of an option does not exist.
    case inputMissing(option: String, path: String)
    /// A model's or an adapter's folder that does not exist, and folders of similar paths.
    case modelMissing(option: String, path: String, similar: [String])
    /// The output exists and must not be overwritten.
    case outputExists(path: String)
    /// The output is one of the files that the command reads.
    case outputIsInput(path: String, input: String)
    /// The output cannot be written.
    case cannotWrite(path: String, reason: String)
    /// `model verify` found no probes.
    case noProbes(file: String)
    /// The vectors of some probes differ from the stored ones.
    case probesDiffer(file: String, count: Int, total: Int)
    /// No similarities are known for a model.
    case nothingPublished(folder: String, known: [String])
    /// Some published similarities differ by more than their tolerance.
    case publishedDiffer(folder: String, count: Int, total: Int)
    /// No published similarity could be computed, because inputs are not part of this program.
    case nothingComputed(folder: String, missing: [String])
    /// The input contains nothing to measure.
    case nothingToMeasure(path: String)
    /// An error of a type that is not a `UserFacingError`.
    case unexpected(type: String, reason: String)

    var kind: FailureKind {
        switch self {
        case .noDefaultModel, .inputMissing, .modelMissing: .inputMissing
        case .deviceUnavailable, .nothingComputed: .unavailable
        case .outputExists, .outputIsInput, .cannotWrite: .cannotCreateOutput
        case .noProbes, .nothingPublished: .badConfiguration
        case .probesDiffer, .publishedDiffer, .nothingToMeasure: .badData
        case .unexpected: .internalFailure
        }
    }

    var errorDescription: String? {
        switch self {
        case .noDefaultModel:
            "model is missing (--model): there is no default model beside the program"
        case .deviceUnavailable(let device):
            "device is not available (\(device)): this machine or this build of libtorch lacks it"
        case .inputMissing(let option, let path):
            "input is missing (\(option) \(path)): there is no such file or folder"
        case .modelMissing(let option, let path, let similar):
            "input is missing (\(option) \(path)): there is no such folder"
                + (similar.isEmpty ? "" : ", but \(similar.joined(separator: ", "))")
        case .outputExists(let path):
            "output cannot be written (\(path)): there is a model already"
        case .outputIsInput(let path, let input):
            "output cannot be written (\(path)): the command reads it"
                + (path == input ? "" : " (\(input))")
        case .cannotWrite(let path, let reason):
            "output cannot be written (\(path)): \(reason)"
        case .noProbes(let file):
            "model cannot be verified (\(file)): the contract has no probes"
        case .probesDiffer(let file, let count, let total):
            "model is not what its author's build computes (\(file)): "
                + "\(count) of \(total) probes differ"
        case .nothingPublished(let folder, let known):
            "model cannot be verified (\(folder)): no published similarities are known for its "
                + "embedder and size, only for \(known.joined(separator: ", "))"
        case .publishedDiffer(let folder, let count, let total):
            "model is not what its authors published (\(folder)): "
                + "\(count) of \(total) similarities differ"
        case .nothingComputed(let folder, let missing):
            "model cannot be verified (\(folder)): every published similarity needs an input that "
                + "is not part of this program: \(missing.joined(separator: ", "))"
        case .nothingToMeasure(let path):
            "nothing can be measured (\(path)): there are no records"
        case .unexpected(let type, let reason):
            "internal failure (\(type)): \(reason)"
        }
    }

    var recoverySuggestion: String? {
        switch self {
        case .noDefaultModel: "name a folder with --model, or set MOCA_MODEL"
        case .deviceUnavailable: "use --device cpu, or install a libtorch for the device"
        case .inputMissing: "check the path"
        case .modelMissing: "check the path, or name a model of the Hub as ORG/NAME"
        case .outputExists: "name another folder, or remove it"
        case .outputIsInput: "name another output"
        case .cannotWrite: "check the path, its permissions and the free space"
        case .noProbes: "write them with `moca model verify --write` on a build that you trust"
        case .nothingPublished, .nothingComputed:
            "verify probes of its contract, without --published"
        case .probesDiffer, .publishedDiffer:
            "compare versions, weights and --dtype with those of the author"
        case .nothingToMeasure: "give at least one record"
        case .unexpected: "run again with --verbose, and report what it says"
        }
    }
}
