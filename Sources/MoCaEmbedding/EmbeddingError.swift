// Failures between contents and vectors.

import Foundation
public import MoCaCore

/// A failure of this target that reaches a user.
public enum EmbeddingError: UserFacingError {
    /// An option outside its range.
    case badOption(name: String, value: Int, allowed: String)
    /// An input that cannot be embedded, by its index, and the underlying error.
    case badInput(number: Int, any UserFacingError)
    /// An input that cannot be embedded, by its text or path, and the underlying error.
    case badNamedInput(name: String, any UserFacingError)
    /// A vector with an infinite or NaN component.
    case notFinite
    /// A folder that contains no model.
    case noModel(folder: String)
    /// Embeddings of a vector for each token, where one vector is needed.
    case multiVector(use: String)
    /// An instruction for an embedder whose prompts have no place for one.
    case noInstruction(embedder: String)
    /// A pooling for an embedder that gives a vector for each token.
    case noPooling(embedder: String)
    /// Token contributions requested for a model that does not pool by the mean.
    case notDecomposable(pooling: String)

    public var kind: FailureKind {
        switch self {
        case .badOption: .badConfiguration
        case .badInput(_, let cause), .badNamedInput(_, let cause): cause.kind
        case .notFinite: .badData
        case .noModel: .inputMissing
        case .notDecomposable, .multiVector, .noInstruction, .noPooling: .badConfiguration
        }
    }

    public var errorDescription: String? {
        switch self {
        case .badOption(let name, let value, let allowed):
            "option cannot be used (\(name)): it is \(value), allowed is \(allowed)"
        case .badInput(let number, let cause):
            "input cannot be embedded (input \(number + 1)): "
                + (cause.errorDescription ?? "\(cause)")
        case .badNamedInput(let name, let cause):
            "input cannot be embedded (\(name)): \(cause.errorDescription ?? "\(cause)")"
        case .notFinite:
            "its vector has an infinity or a not-a-number: the weights or the input overflow"
        case .noModel(let folder):
            "model is missing (\(folder)): there is no config.json"
        case .multiVector(let use):
            "model cannot be used (\(use)): it gives a vector for each token, and one vector is "
                + "needed"
        case .noInstruction(let embedder):
            "instruction cannot be used (embedder '\(embedder)'): its prompts have no place for one"
        case .noPooling(let embedder):
            "pooling cannot be used (embedder '\(embedder)'): it gives a vector for each token"
        case .notDecomposable(let pooling):
            "similarity is no sum over tokens (pooling '\(pooling)'): a vector is the state of one "
                + "token, which has seen all the others"
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .badOption: "set it within the range"
        case .badInput(_, let cause), .badNamedInput(_, let cause): cause.recoverySuggestion
        case .notFinite: "compute in float32, and check the weights for NaN or infinity"
        case .noModel: "name a folder in Hugging Face layout"
        case .multiVector: "use a model with one vector for each input"
        case .noPooling: "leave pooling to the model"
        case .noInstruction:
            "leave it out, or write a prompt with {instruction} into moca.json"
        case .notDecomposable: "use a model with mean pooling, or set pooling to mean"
        }
    }
}
