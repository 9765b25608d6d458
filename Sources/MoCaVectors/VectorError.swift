// What can go wrong between a file of records and a file of vectors.

import Foundation
package import MoCaCore

/// A failure of an embedding job that reaches a user.
package enum VectorError: UserFacingError {
    /// An input whose file is not there.
    case inputMissing(path: String)
    /// An output whose ending names no format.
    case unknownOutput(path: String)
    /// One record cannot be embedded; why is the other error's text.
    case badRecord(record: String, any UserFacingError)
    /// A record whose vector has an infinity or a not-a-number.
    case notFinite(record: String)
    /// What an interrupted run left was made with other settings.
    case otherSettings(folder: String, names: [String])
    /// What an interrupted run left was made of other records.
    case otherRecords(folder: String, count: Int)
    /// What an interrupted run left cannot be read.
    case damagedProgress(file: String, reason: String)
    /// Another process writes the same output.
    case inUse(folder: String)
    /// Vectors cannot be kept for a later run.
    case cannotKeepVectors(path: String, reason: String)
    /// Another process keeps vectors in the same folder.
    case vectorsInUse(folder: String)
    /// Kept vectors are damaged.
    case damagedVectors(folder: String, reason: String)
    /// A file cannot be written.
    case cannotWrite(path: String, reason: String)
    /// A signal stopped the run; what was computed is kept.
    case interrupted(output: String, kept: Int)
    /// The output is complete but for bad records, which are listed in a file.
    case recordsLeftOut(count: Int, total: Int, list: String)

    package var kind: FailureKind {
        switch self {
        case .inputMissing: .inputMissing
        case .unknownOutput, .cannotWrite, .cannotKeepVectors: .cannotCreateOutput
        case .badRecord(_, let cause): cause.kind
        case .notFinite, .recordsLeftOut, .damagedVectors: .badData
        case .otherSettings, .otherRecords: .badConfiguration
        case .damagedProgress: .inputOutput
        case .inUse, .vectorsInUse: .unavailable
        case .interrupted: .interrupted
        }
    }

    package var errorDescription: String? {
        switch self {
        case .inputMissing(let path):
            "input is missing (\(path)): there is no such file"
        case .unknownOutput(let path):
            "output cannot be written (\(path)): its ending names no format"
        case .badRecord(let record, let cause):
            "record cannot be embedded (\(record)): \(cause.errorDescription ?? "\(cause)")"
        case .notFinite(let record):
            "record cannot be embedded (\(record)): its vector is not finite"
        case .otherSettings(let folder, let names):
            "run cannot be continued (\(folder)): it was started with another \(names.joined(separator: ", "))"
        case .otherRecords(let folder, let count):
            "run cannot be continued (\(folder)): its first \(count) records are not those of the input"
        case .damagedProgress(let file, let reason):
            "run cannot be continued (\(file)): \(reason)"
        case .inUse(let folder):
            "output is being written (\(folder)): another process holds it"
        case .cannotKeepVectors(let path, let reason):
            "vectors cannot be kept (\(path)): \(reason)"
        case .vectorsInUse(let folder):
            "output is being written (\(folder)): another process holds it"
        case .damagedVectors(let folder, let reason):
            "kept vectors cannot be used (\(folder)): \(reason)"
        case .cannotWrite(let path, let reason):
            "output cannot be written (\(path)): \(reason)"
        case .interrupted(let output, let kept):
            "run was interrupted (\(output)): \(kept) records are done and kept"
        case .recordsLeftOut(let count, let total, let list):
            "records were left out (\(list)): \(count) of \(total) cannot be embedded"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .inputMissing: "check the path"
        case .unknownOutput: "name a .npy, .jsonl, .parquet or .safetensors file"
        case .badRecord(_, let cause): cause.recoverySuggestion
        case .notFinite: "use --dtype float32, and check the weights with `moca model info`"
        case .otherSettings, .otherRecords, .damagedProgress:
            "run again as before, or without --resume to start anew"
        case .inUse: "wait for it, or name another output"
        case .cannotKeepVectors: "check the path, its permissions and the free space"
        case .vectorsInUse: "wait for it, or name another --output"
        case .damagedVectors: "remove the folder, and run the same command again"
        case .cannotWrite: "check the folder, its permissions and the free space"
        case .interrupted: "run the same command with --resume"
        case .recordsLeftOut: "mend the records that the list names"
        }
    }
}
