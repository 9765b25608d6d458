// Everything that can go wrong between a folder of files and the answers to a query.

import Foundation
package import MoCaCore

/// A failure of this target that reaches a user.
package enum SearchError: UserFacingError, Hashable {
    /// A path to index where nothing is.
    case pathMissing(path: String)
    /// A folder to index that cannot be looked into.
    case folderUnreadable(path: String, reason: String)
    /// Paths without any image or text.
    case nothingToIndex(paths: [String])
    /// A text file that is not UTF-8.
    case notText(path: String)
    /// A folder without an index.
    case noIndex(folder: String)
    /// An index whose files do not fit together.
    case damagedIndex(file: String, reason: String)
    /// An index that another model made, or the same with other settings.
    case otherModel(index: String, made: String, given: String)
    /// A file of the index cannot be written.
    case cannotWrite(path: String, reason: String)
    /// A signal stopped the run; what was done is in the index.
    case interrupted(index: String, items: Int)
    /// The index is complete but for files that cannot be embedded.
    case filesLeftOut(index: String, count: Int)
    /// A similarity that is NaN or infinite; both are numbers from 0.
    case scoreNotFinite(query: Int, document: Int)

    package var kind: FailureKind {
        switch self {
        case .pathMissing, .folderUnreadable, .nothingToIndex, .noIndex: .inputMissing
        case .notText, .damagedIndex, .filesLeftOut: .badData
        case .otherModel: .badConfiguration
        case .cannotWrite: .cannotCreateOutput
        case .scoreNotFinite: .internalFailure
        case .interrupted: .interrupted
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
                ? "model does not fit the index (\(index)): \(made) has changed, or was run with "
                    + "other settings, since the index was made"
                : "model does not fit the index (\(index)): it was made with \(made), not \(given)"
        case .cannotWrite(let path, let reason):
            "index cannot be written (\(path)): \(reason)"
        case .interrupted(let index, let items):
            "indexing was interrupted (\(index)): \(items) items are done and kept"
        case .filesLeftOut(let index, let count):
            "files were left out (\(index)): \(count) cannot be embedded"
        case .scoreNotFinite(let query, let document):
            "similarity is not finite (query \(query), document \(document)): the model gave NaN or "
                + "infinity"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .pathMissing: "check the path"
        case .folderUnreadable: "give yourself the right to read it, or leave it out"
        case .nothingToIndex: "name images, .txt, .md or .jsonl files, or folders of them"
        case .notText: "convert it to UTF-8"
        case .noIndex: "make one with `moca index --index DIR PATH...`"
        case .damagedIndex: "remove the folder, and make the index again"
        case .otherModel: "use the model and settings that made it, or make a new index"
        case .cannotWrite:
            "check the path, its permissions and the free space"
        case .scoreNotFinite:
            "check the weights for NaN or infinity, and run in float32"
        case .interrupted: "run the same command again to go on"
        case .filesLeftOut: "mend or remove the files listed above, and run it again"
        }
    }
}
