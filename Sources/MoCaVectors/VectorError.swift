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

    /// An input that several processes cannot share.
    case sharedStream
    /// There is no part beside an output.
    case noParts(path: String)
    /// A folder that is not the part of a shard.
    case notAPart(path: String)
    /// Some shards have no part in the folder of the others.
    case missingParts(folder: String, shards: [Int], count: Int)
    /// Parts whose shards have not embedded all of their records.
    case incompleteParts(paths: [String])
    /// Two parts of one shard.
    case doubledPart(shard: String, first: String, second: String)
    /// Two parts that do not belong together.
    case partsDiffer(first: String, second: String, names: [String])
    /// A part whose files are not those that its shard wrote.
    case damagedPart(part: String, reason: String)
    /// A signal stopped the merging of parts.
    case mergeInterrupted(output: String)
    /// A signal stopped the wait for other ranks.
    case waitInterrupted(folder: String)
    /// A rank failed, and says why.
    case rankFailed(rank: Int, folder: String, reason: String)
    /// A rank that computes something else than rank 0.
    case rankDiffers(rank: Int, folder: String)
    /// A rank that has shown no sign of life for a while.
    case rankLost(rank: Int, folder: String, seconds: Int)

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
        case .interrupted, .mergeInterrupted, .waitInterrupted: .interrupted
        case .noParts, .notAPart, .missingParts, .incompleteParts: .inputMissing
        case .doubledPart, .partsDiffer, .damagedPart: .badData
        case .sharedStream, .rankDiffers: .badConfiguration
        case .rankFailed, .rankLost: .unavailable
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
        case .sharedStream:
            "input cannot be shared (standard input): only one process can read it"
        case .noParts(let path):
            "parts are missing (\(path)): there is no part beside it"
        case .notAPart(let path):
            "part cannot be read (\(path)): it is neither the part of a shard nor a folder of parts"
        case .missingParts(let folder, let shards, let count):
            "parts are missing (\(folder)): there is none of \(Self.list(shards, of: count))"
        case .incompleteParts(let paths):
            "parts are incomplete (\(paths.joined(separator: ", "))): their shards have not embedded "
                + "all of their records"
        case .doubledPart(let shard, let first, let second):
            "parts cannot be merged (\(first), \(second)): both are of shard \(shard)"
        case .partsDiffer(let first, let second, let names):
            "parts cannot be merged (\(first), \(second)): they are of another "
                + names.joined(separator: ", ")
        case .damagedPart(let part, let reason):
            "part is damaged (\(part)): \(reason)"
        case .mergeInterrupted(let output):
            "merging was interrupted (\(output)): nothing was written, and all parts are kept"
        case .waitInterrupted(let folder):
            "wait for other ranks was interrupted (\(folder)): what this rank embedded is kept"
        case .rankFailed(let rank, let folder, let reason):
            "rank \(rank) failed (\(folder)): \(reason)"
        case .rankDiffers(let rank, let folder):
            "rank \(rank) cannot be joined (\(folder)): it embeds with another model, version or setting "
                + "than rank 0"
        case .rankLost(let rank, let folder, let seconds):
            "rank \(rank) was lost (\(folder)): it has shown no sign of life for \(seconds) seconds"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .inputMissing: "check the path"
        case .unknownOutput: "name a .npy, .jsonl, .parquet or .safetensors file"
        case .multiVectorOutput: "name a .safetensors file"
        case .badRecord(_, let cause): cause.recoverySuggestion
        case .notFinite: "compute in float32, and check the weights for NaN or infinity"
        case .otherSettings, .otherRecords, .damagedProgress:
            "run again as before, or start anew"
        case .inUse: "wait for it, or name another output"
        case .cannotKeepVectors: "check the path, its permissions and the free space"
        case .vectorsInUse: "wait for it, or name another output"
        case .damagedVectors: "remove the folder, and run the same command again"
        case .cannotWrite: "check the folder, its permissions and the free space"
        case .interrupted: "run it again, and resume"
        case .recordsLeftOut: "mend the records that the list names"
        case .sharedStream: "write it to a file, and name the file"
        case .noParts: "embed the shards with this output first, or name the folders of their parts"
        case .notAPart: "name folders that embedding a shard has made"
        case .missingParts: "embed these shards, or name the folders of their parts"
        case .incompleteParts: "embed these shards to their end; what they have is kept"
        case .doubledPart: "name one part of each shard"
        case .partsDiffer: "embed all shards with equal settings, of the same input"
        case .damagedPart: "remove the folder, and embed the shard again"
        case .mergeInterrupted, .waitInterrupted: "run the same command again"
        case .rankFailed: "mend the cause, and start all ranks again; what they have is kept"
        case .rankDiffers: "start all ranks alike"
        case .rankLost:
            "see the output of its process, check that all ranks share the folder, and start them "
                + "again; what they have is kept"
        }
    }

    /// Shards in words, such as `shards 1 and 3 of 4`; at most the first ten.
    private static func list(_ shards: [Int], of count: Int) -> String {
        let shown = shards.prefix(10).map(String.init)
        let rest = shards.count - shown.count
        let names =
            rest > 0
            ? shown.joined(separator: ", ") + " and \(rest) more"
            : shown.dropLast().joined(separator: ", ")
                + (shown.count > 1 ? " and " : "") + (shown.last ?? "")
        return "\(shards.count == 1 ? "shard" : "shards") \(names) of \(count)"
    }
}
