// Errors that can occur between a benchmark's folder and its scores.

import Foundation
package import MoCaCore

/// A user-facing error of an evaluation.
package enum EvaluationError: UserFacingError, Hashable {
    /// A similarity that is NaN or infinite.
    case notFinite(query: String, candidate: String)
    /// A query without candidates.
    case noCandidates(query: String)
    /// A document id that occurs twice in a corpus.
    case duplicateDocument(id: String)
    /// A set without judged queries.
    case noQueries(set: String)
    /// A file of scores that cannot be read.
    case unreadableScores(file: String, reason: String)
    /// Fewer than two inputs to compare.
    case tooFewInputs(count: Int)
    /// Two evaluations of different data.
    case notComparable(a: String, b: String, reason: String)
    /// A file of scores that cannot be written.
    case cannotWrite(file: String, reason: String)
    /// A score that lacks a measure an export needs.
    case measureMissing(set: String, measure: String)
    /// A language without a code in mteb.
    case unknownLanguage(set: String, name: String)

    /// A folder without sets.
    case noSets(folder: String, layout: String)
    /// The folder of the sets cannot be read.
    case cannotRead(folder: String, reason: String)
    /// A requested set that does not exist.
    case setMissing(name: String, folder: String, known: [String])
    /// A folder that lacks some of the parts of a set.
    case incompleteSet(folder: String, missing: [String])
    /// A set that exists but cannot be scored.
    case setRefused(name: String, reason: String)
    /// A set that occurs in two folders under different names.
    case sameSet(name: String, folders: [String])
    /// A signal stopped the run; the vectors so far are kept.
    case interrupted(output: String, kept: Int)

    /// The exit status of a command that ends with this error.
    package var kind: FailureKind {
        switch self {
        case .notFinite, .noCandidates, .duplicateDocument, .noQueries, .unreadableScores,
            .notComparable, .tooFewInputs, .measureMissing, .unknownLanguage, .setRefused,
            .sameSet:
            .badData
        case .noSets, .setMissing, .incompleteSet, .cannotRead: .inputMissing
        case .cannotWrite: .cannotCreateOutput
        case .interrupted: .interrupted
        }
    }

    /// The message, as `WHAT (WHERE): WHY`.
    package var errorDescription: String? {
        switch self {
        case .notFinite(let query, let candidate):
            "score is not finite (query '\(query)', candidate '\(candidate)'): the model gave NaN or "
                + "infinity"
        case .noCandidates(let query):
            "nothing to rank (query '\(query)'): it has no candidates"
        case .duplicateDocument(let id):
            "duplicate document (corpus, '\(id)'): the id stands twice"
        case .noQueries(let set): "nothing to score (set '\(set)'): it has no judged query"
        case .unreadableScores(let file, let reason): "cannot read scores (\(file)): \(reason)"
        case .tooFewInputs(let count):
            "nothing to compare (\(NumberText.counted(count, "input"))): each input is compared "
                + "with the others"
        case .notComparable(let a, let b, let reason):
            "evaluations cannot be compared (\(a), \(b)): \(reason)"
        case .cannotWrite(let file, let reason): "cannot write scores (\(file)): \(reason)"
        case .measureMissing(let set, let measure):
            "cannot write scores (set '\(set)'): it has no \(measure)"
        case .unknownLanguage(let set, let name):
            "cannot write scores for mteb (set '\(set)'): '\(name)' is the name of no language"
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

    /// A suggestion how to fix the error.
    package var recoverySuggestion: String? {
        switch self {
        case .notFinite:
            "check the weights for NaN or infinity, and run in float32"
        case .noCandidates: "remove the record, or give it candidates"
        case .duplicateDocument: "give every document of the corpus an id of its own"
        case .noQueries: "check that the ids of queries and judgements are the same"
        case .unreadableScores: "delete the file, and evaluate again"
        case .tooFewInputs: "give at least two inputs"
        case .notComparable: "evaluate both models on the same data with the same prompts"
        case .measureMissing: "delete the file, and evaluate again"
        case .unknownLanguage:
            "name the language of its queries in English, or by its ISO 639 code; scores.json is "
                + "complete"
        case .cannotWrite: "check that the folder exists and has free space"
        case .noSets: "check the data folder: it holds the sets, or is one"
        case .cannotRead: "check the data folder: it holds the sets, or is one"
        case .setMissing: "choose the subsets among these"
        case .incompleteSet: "fetch what is missing, or choose the other sets as subsets"
        case .setRefused: "leave it out, or choose the others as subsets"
        case .sameSet: "choose one of them as subset"
        case .interrupted: "run the same command again to go on"
        }
    }
}
