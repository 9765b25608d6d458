// Everything that can go wrong while scores are computed and written.

import Foundation
package import MoCaCore

/// What failed while a benchmark was scored.
package enum EvaluationError: UserFacingError, Equatable {
    case notFinite(query: String, candidate: String)
    case noCandidates(query: String)
    case duplicateDocument(id: String)
    case noQueries(set: String)
    case unreadableScores(file: String, reason: String)
    case tooFewInputs(count: Int)
    case notComparable(a: String, b: String, reason: String)
    case cannotWrite(file: String, reason: String)
    case measureMissing(set: String, measure: String)
    case unknownLanguage(set: String, name: String)

    /// The exit status of a command that ends with this error.
    package var kind: FailureKind {
        switch self {
        case .notFinite: .internalFailure
        case .noCandidates, .duplicateDocument, .noQueries, .unreadableScores, .notComparable,
            .tooFewInputs, .measureMissing, .unknownLanguage:
            .badData
        case .cannotWrite: .cannotCreateOutput
        }
    }

    /// `WHAT (WHERE): WHY`.
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
            "nothing to compare (\(count) inputs): each input is compared with the others"
        case .notComparable(let a, let b, let reason):
            "evaluations cannot be compared (\(a), \(b)): \(reason)"
        case .cannotWrite(let file, let reason): "cannot write scores (\(file)): \(reason)"
        case .measureMissing(let set, let measure):
            "cannot write scores (set '\(set)'): it has no \(measure)"
        case .unknownLanguage(let set, let name):
            "cannot write scores for mteb (set '\(set)'): '\(name)' is the name of no language"
        }
    }

    /// How to fix it.
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
        }
    }
}
