// Errors that end a check or a count, as opposed to its findings.

import Foundation
package import MoCaCore

/// Errors of checking and counting data.
package enum DataCheckError: UserFacingError, Hashable {
    /// There is nothing to check.
    case noRecords(folders: [String])
    /// The columns match no known kind of record, or another kind than the other files.
    case unknownColumns(folder: String, columns: [String])
    /// One folder contains pairs and another contains texts.
    case mixedKinds(first: String, second: String)
    /// An evaluation folder contains no sets.
    case noEvaluationSets(folder: String)
    /// The check has finished, and training should not start.
    case errorsFound(records: Int, of: Int, files: Int)
    /// A report, a quarantine or a cache cannot be written.
    case cannotWrite(path: String, reason: String)
    /// A cache or another file cannot be read.
    case cannotRead(path: String, reason: String)
    /// A record cannot be counted.
    case cannotCount(place: String, reason: String)

    package var kind: FailureKind {
        switch self {
        case .noRecords, .noEvaluationSets: .inputMissing
        case .unknownColumns, .errorsFound, .cannotCount: .badData
        case .mixedKinds: .badConfiguration
        case .cannotWrite: .cannotCreateOutput
        case .cannotRead: .inputOutput
        }
    }

    package var errorDescription: String? {
        switch self {
        case .noRecords(let folders):
            "nothing to check (\(folders.joined(separator: ", "))): there are no records"
        case .unknownColumns(let folder, let columns):
            "records are of no known kind (\(folder)): the columns are "
                + "[\(columns.joined(separator: ", "))]"
        case .mixedKinds(let first, let second):
            "folders do not belong together (\(first), \(second)): one has pairs, the other texts"
        case .noEvaluationSets(let folder):
            "no evaluation sets (\(folder)): there are neither records with qry_text nor the "
                + "folders corpus, queries and qrels"
        case .errorsFound(let records, let total, 0):
            "data have errors (\(records) of \(total) records): they cannot be trained on"
        case .errorsFound(let records, let total, let files):
            "data have errors (\(records) of \(total) records, \(files) files or parts of files): "
                + "they cannot be trained on"
        case .cannotWrite(let path, let reason): "output cannot be written (\(path)): \(reason)"
        case .cannotRead(let path, let reason): "file cannot be read (\(path)): \(reason)"
        case .cannotCount(let place, let reason): "record cannot be counted (\(place)): \(reason)"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .noRecords: "name folders that hold data files"
        case .unknownColumns:
            "give records of training: text and images, or qry, pos_text and their images"
        case .mixedKinds: "check the two stages of training one after the other"
        case .noEvaluationSets: "name a set, or a folder of sets"
        case .errorsFound(_, _, 0):
            "mend them, or leave them out by a quarantine within a maximum rate of errors"
        case .errorsFound: "mend the files first: only single records can be left out"
        case .cannotWrite: "check the path, its permissions and the free space"
        case .cannotRead: "check its permissions and the disk"
        case .cannotCount: "see what a check of the data finds; leave it out by a quarantine"
        }
    }
}
