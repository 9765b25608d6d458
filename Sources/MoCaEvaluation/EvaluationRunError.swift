// Everything that can go wrong between a benchmark's folder and its scores.

import Foundation
package import MoCaCore

/// What stopped a run over a benchmark.
package enum EvaluationRunError: UserFacingError, Hashable {
    /// A folder without sets.
    case noSets(folder: String, layout: String)
    /// The folder of the sets cannot be looked into.
    case cannotRead(folder: String, reason: String)
    /// A set that was asked for and is not there.
    case setMissing(name: String, folder: String, known: [String])
    /// A folder with some of the parts of a set.
    case incompleteSet(folder: String, missing: [String])
    /// A set that exists and cannot be scored.
    case setRefused(name: String, reason: String)
    /// A set that stands in two of the folders, under two of its names.
    case sameSet(name: String, folders: [String])
    /// A signal stopped the run; the vectors so far are kept.
    case interrupted(output: String, kept: Int)

    package var kind: FailureKind {
        switch self {
        case .noSets, .setMissing, .incompleteSet, .cannotRead: .inputMissing
        case .setRefused, .sameSet: .badData
        case .interrupted: .interrupted
        }
    }

    package var errorDescription: String? {
        switch self {
        case .noSets(let folder, let layout):
            "nothing to evaluate (\(folder)): neither it nor a folder in it has \(layout)"
        case .cannotRead(let folder, let reason):
            "sets cannot be read (\(folder)): \(reason)"
        case .setMissing(let name, let folder, let known):
            "set is missing (\(name)): \(folder) has \(known.joined(separator: ", "))"
        case .incompleteSet(let folder, let missing):
            "set is incomplete (\(folder)): it has no \(missing.joined(separator: " and no "))"
        case .setRefused(let name, let reason):
            "set cannot be scored (\(name)): \(reason)"
        case .sameSet(let name, let folders):
            "set is there twice (\(name)): it is in \(folders.joined(separator: " and "))"
        case .interrupted(let output, let kept):
            "evaluation was interrupted (\(output)): \(kept) vectors are kept"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .noSets: "name the folder that holds the sets with --data"
        case .cannotRead: "name the folder that holds the sets with --data"
        case .setMissing: "choose among these with --subsets"
        case .incompleteSet: "fetch what is missing, or name the other sets with --subsets"
        case .setRefused: "leave it out, or name the others with --subsets"
        case .sameSet: "name one of them with --subsets"
        case .interrupted: "run the same command again to go on"
        }
    }
}
