// Errors of a replay.

import Foundation
package import MoCaCore

/// An error in a saved batch or in its replay.
package enum ReplayError: UserFacingError, Hashable {
    /// No file exists at a path, or a folder contains no batch.
    case noBatch(path: String)
    /// A tensor that the objective needs is missing.
    case missingTensor(file: String, name: String)
    /// A tensor has an unusable shape or unusable values.
    case badTensor(file: String, name: String, reason: String)
    /// Neither the metadata nor the tensors of a file identify the objective.
    case unknownObjective(file: String)
    /// A file of another objective than the requested one, or than that of the first file.
    case otherObjective(file: String, objective: String, expected: String)
    /// More dimensions were requested than the model's vectors have.
    case badDimensions(Int, vectorLength: Int)

    package var kind: FailureKind {
        switch self {
        case .noBatch: .inputMissing
        case .missingTensor, .badTensor, .unknownObjective: .badData
        case .badDimensions, .otherObjective: .badConfiguration
        }
    }

    package var errorDescription: String? {
        switch self {
        case .noBatch(let path):
            "batch is missing (\(path)): there is no such file"
        case .missingTensor(let file, let name):
            "batch lacks a tensor (\(file)): \(name) is missing"
        case .badTensor(let file, let name, let reason):
            "tensor of a batch cannot be used (\(file)): \(name) \(reason)"
        case .unknownObjective(let file):
            "objective of a batch is unknown (\(file)): neither its metadata nor its tensors name one"
        case .otherObjective(let file, let objective, let expected):
            "batch is of another objective (\(file)): it is of \(objective), not \(expected)"
        case .badDimensions(let dimensions, let length):
            "dimensions is out of range (\(dimensions)): the model allows 1 to \(length)"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .noBatch: "check the path"
        case .otherObjective: "set no objective, or give the batches of one step"
        case .missingTensor, .badTensor, .unknownObjective:
            "write the batch with the names and shapes of a saved step"
        case .badDimensions: "set it within the range"
        }
    }
}
