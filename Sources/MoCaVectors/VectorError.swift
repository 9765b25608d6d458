// Errors that can occur between a file of records and a file of vectors.

import Foundation
package import MoCaCore

/// A user-facing error of an embedding job.
package enum VectorError: UserFacingError {
    /// An input file that does not exist.
    case inputMissing(path: String)
    /// An output whose extension is not a known format.
    case unknownOutput(path: String)
    /// An output whose format has no place for several vectors of a record.
    case multiVectorOutput(path: String)
    /// A record cannot be embedded, for the reason of the other error.
    case badRecord(record: String, any UserFacingError)
    /// A record whose vector contains an infinity or NaN.
    case notFinite(record: String)
    /// The progress of an interrupted run was made with other settings.
    case otherSettings(folder: String, names: [String])
    /// The progress of an interrupted run was made from other records.
    case otherRecords(folder: String, count: Int)
    /// The progress of an interrupted run cannot be read.
    case damagedProgress(file: String, reason: String)
    /// Another process is writing the same output.
    case inUse(folder: String)
    /// Vectors cannot be cached for a later run.
    case cannotKeepVectors(path: String, reason: String)
    /// Another process caches vectors in the same folder.
    case vectorsInUse(folder: String)
    /// Cached vectors are damaged.
    case damagedVectors(folder: String, reason: String)
    /// A file cannot be written.
    case cannotWrite(path: String, reason: String)
    /// A signal stopped the run; the computed vectors are kept.
    case interrupted(output: String, kept: Int)
    /// The output is complete except for bad records, which are listed in a file.
    case recordsLeftOut(count: Int, total: Int, list: String)

    package var kind: FailureKind {
        switch self {
        case .inputMissing: .inputMissing
        case .unknownOutput, .multiVectorOutput, .cannotWrite, .cannotKeepVectors:
            .cannotCreateOutput
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
        case .multiVectorOutput(let path):
            "output cannot be written (\(path)): the model gives a vector for each token, and this "
                + "format holds one for each record"
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
        case .multiVectorOutput: "name a .safetensors file"
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
