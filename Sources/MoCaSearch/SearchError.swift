// Errors of indexing, searching and mining negatives.

import Foundation
package import MoCaCore

/// A user-facing error of indexing, searching or mining.
package enum SearchError: UserFacingError, Hashable {
    /// A path to index that does not exist.
    case pathMissing(path: String)
    /// A folder to index that cannot be read.
    case folderUnreadable(path: String, reason: String)
    /// Paths without any image or text.
    case nothingToIndex(paths: [String])
    /// A text file that is not UTF-8.
    case notText(path: String)
    /// A folder without an index.
    case noIndex(folder: String)
    /// An index whose files are inconsistent.
    case damagedIndex(file: String, reason: String)
    /// An index made by another model, or by the same folder before it changed.
    case otherModel(index: String, made: String, given: String)
    /// An index made with other settings, each with both values.
    case otherIndexSettings(index: String, differences: [String])
    /// A file of the index cannot be written.
    case cannotWrite(path: String, reason: String)
    /// A signal stopped the run; completed work is in the index.
    case interrupted(index: String, items: Int)
    /// The index is complete except for files that cannot be embedded.
    case filesLeftOut(index: String, count: Int)
    /// A similarity that is NaN or infinite; query and document are zero-based indices.
    case scoreNotFinite(query: Int, document: Int)
    /// A setting that selects nothing.
    case badSetting(name: String, value: String, allowed: String)
    /// The output already exists.
    case outputExists(folder: String)
    /// The existing output was mined with other settings, another model or from other data.
    case otherSettings(folder: String, names: [String])
    /// A report that cannot be read.
    case damagedReport(file: String)
    /// A subset without records.
    case emptySubset(name: String)
    /// A subset whose images are in shards, which the written records cannot reference.
    case shardedSubset(name: String)
    /// The run is complete except for some records.
    case recordsLeftOut(count: Int, total: Int, output: String)
    /// An output cannot be written.
    case cannotWriteMined(path: String, reason: String)
    /// A signal stopped the run; completed work is kept.
    case miningInterrupted(output: String, kept: Int)

    package var kind: FailureKind {
        switch self {
        case .pathMissing, .folderUnreadable, .nothingToIndex, .noIndex: .inputMissing
        case .notText, .damagedIndex, .filesLeftOut, .damagedReport, .emptySubset,
            .shardedSubset, .recordsLeftOut, .scoreNotFinite:
            .badData
        case .otherModel, .otherIndexSettings, .badSetting, .otherSettings: .badConfiguration
        case .cannotWrite, .cannotWriteMined, .outputExists: .cannotCreateOutput
        case .interrupted, .miningInterrupted: .interrupted
        }
    }

    package var errorDescription: String? {
        switch self {
        case .pathMissing(let path):
            "path cannot be indexed (\(path)): there is no such file or folder"
        case .folderUnreadable(let path, let reason):
            "folder cannot be indexed (\(path)): \(reason)"
        case .nothingToIndex(let paths):
            "nothing can be indexed (\(paths.joined(separator: ", "))): "
                + "there are no images and no texts"
        case .notText(let path):
            "text cannot be read (\(path)): it is not UTF-8"
        case .noIndex(let folder):
            "index is missing (\(folder)): the folder has no \(IndexManifest.fileName)"
        case .damagedIndex(let file, let reason):
            "index cannot be read (\(file)): \(reason)"
        case .otherModel(let index, let made, let given):
            made == given
                ? "model does not fit the index (\(index)): the files of \(made) have changed since "
                    + "the index was made"
                : "model does not fit the index (\(index)): it was made with \(made), not \(given)"
        case .otherIndexSettings(let index, let differences):
            "settings do not fit the index (\(index)): it was made with "
                + differences.joined(separator: " and ")
        case .cannotWrite(let path, let reason):
            "index cannot be written (\(path)): \(reason)"
        case .interrupted(let index, let items):
            "indexing was interrupted (\(index)): \(NumberText.counted(items, "item")) done and kept"
        case .filesLeftOut(let index, let count):
            "files were left out (\(index)): \(count) cannot be embedded"
        case .scoreNotFinite(let query, let document):
            "similarity is not finite (query \(query), document \(document)): the model gave NaN or "
                + "infinity"
        case .badSetting(let name, let value, let allowed):
            "setting cannot be used (\(name)): it is \(value), allowed is \(allowed)"
        case .outputExists(let folder):
            "output cannot be written (\(folder)): the folder is there already"
        case .otherSettings(let folder, let names):
            "mining cannot be continued (\(folder)): it has another "
                + names.joined(separator: ", ")
        case .damagedReport(let file):
            "mining cannot be continued (\(file)): it is no report of mining"
        case .emptySubset(let name):
            "nothing to mine (\(name)): the subset has no records"
        case .shardedSubset(let name):
            "cannot mine (\(name)): its records are WebDataset shards, and what is written could not "
                + "name the images in them"
        case .recordsLeftOut(let count, let total, let output):
            "records were left out (\(output)): \(count) of \(total) could not be embedded"
        case .cannotWriteMined(let path, let reason):
            "output cannot be written (\(path)): \(reason)"
        case .miningInterrupted(let output, let kept):
            "mining was interrupted (\(output)): \(kept) vectors are kept"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .pathMissing: "check the path"
        case .folderUnreadable: "give yourself the right to read it, or leave it out"
        case .nothingToIndex: "name images, .txt, .md or .jsonl files, or folders of them"
        case .notText: "convert it to UTF-8"
        case .noIndex: "make an index there first"
        case .damagedIndex: "remove the folder, and make the index again"
        case .otherModel: "use the model that made it, or make a new index"
        case .otherIndexSettings: "leave these settings out, or make a new index"
        case .cannotWrite:
            "check the path, its permissions and the free space"
        case .scoreNotFinite:
            "check the weights for NaN or infinity, and run in float32"
        case .interrupted: "run the same command again to go on"
        case .filesLeftOut: "mend or remove the files listed above, and run it again"
        case .badSetting: "set it within the range"
        case .outputExists: "resume it, name another output, or remove it"
        case .otherSettings, .damagedReport: "name another output, or remove the folder"
        case .emptySubset: "leave it out"
        case .shardedSubset:
            "unpack the shards, and write the records as JSON lines with the paths of the images"
        case .recordsLeftOut: "correct those that `failed` of mining.json names"
        case .cannotWriteMined: "check the path, its permissions and the free space"
        case .miningInterrupted: "run it again, and resume"
        }
    }
}
