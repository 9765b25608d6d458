// Everything that can go wrong between pairs and their hard negatives.

import Foundation
package import MoCaCore

/// A failure of mining that reaches a user.
package enum MiningError: UserFacingError, Hashable {
    /// A setting that leaves nothing to take.
    case badSetting(name: String, value: String, allowed: String)
    /// What is to be written is there.
    case outputExists(folder: String)
    /// What is there was mined with other settings, another model or of other data.
    case otherSettings(folder: String, names: [String])
    /// A report that cannot be read.
    case damagedReport(file: String)
    /// A subset without records.
    case emptySubset(name: String)
    /// A subset whose images are in shards, where the records that are written cannot name them.
    case shardedSubset(name: String)
    /// The run is complete, without some records.
    case recordsLeftOut(count: Int, total: Int, output: String)
    /// An output cannot be written.
    case cannotWrite(path: String, reason: String)
    /// A signal stopped the run; what was done is kept.
    case interrupted(output: String, kept: Int)

    package var kind: FailureKind {
        switch self {
        case .badSetting, .otherSettings: .badConfiguration
        case .damagedReport, .emptySubset, .shardedSubset, .recordsLeftOut: .badData
        case .outputExists, .cannotWrite: .cannotCreateOutput
        case .interrupted: .interrupted
        }
    }

    package var errorDescription: String? {
        switch self {
        case .badSetting(let name, let value, let allowed):
            "setting cannot be used (\(name)): it is \(value), allowed is \(allowed)"
        case .outputExists(let folder):
            "output cannot be written (\(folder)): the folder is there already"
        case .otherSettings(let folder, let names):
            "mining cannot be continued (\(folder)): it has another "
                + names.joined(separator: ", ")
        case .damagedReport(let file):
            "mining cannot be continued (\(file)): it is not what `moca data mine` writes"
        case .emptySubset(let name):
            "nothing to mine (\(name)): the subset has no records"
        case .shardedSubset(let name):
            "cannot mine (\(name)): its records are WebDataset shards, and what is written could not "
                + "name the images in them"
        case .recordsLeftOut(let count, let total, let output):
            "records were left out (\(output)): \(count) of \(total) could not be embedded"
        case .cannotWrite(let path, let reason):
            "output cannot be written (\(path)): \(reason)"
        case .interrupted(let output, let kept):
            "mining was interrupted (\(output)): \(kept) vectors are kept"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .badSetting: "set it within the range"
        case .outputExists: "go on with --resume, name another --output, or remove it"
        case .otherSettings, .damagedReport: "name another --output, or remove the folder"
        case .emptySubset: "leave it out of --data"
        case .shardedSubset:
            "unpack the shards, and write the records as JSON lines with the paths of the images"
        case .recordsLeftOut: "correct those that `failed` of mining.json names"
        case .cannotWrite: "check the path, its permissions and the free space"
        case .interrupted: "run the same command with --resume"
        }
    }
}
