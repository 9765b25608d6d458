// What can be wrong with a replay.

package import Foundation
package import MoCaCore

/// What can be wrong with a saved batch.
package enum ReplayError: UserFacingError, Hashable {
    /// There is no file at a path, or a folder has no batch.
    case noBatch(path: String)
    /// A tensor that the objective needs is missing.
    case missingTensor(file: String, name: String)
    /// A tensor whose shape or values cannot be used.
    case badTensor(file: String, name: String, reason: String)
    /// More dimensions than the model's vectors have.
    case badDimensions(Int, vectorLength: Int)

    package var kind: FailureKind {
        switch self {
        case .noBatch: .inputMissing
        case .missingTensor, .badTensor: .badData
        case .badDimensions: .badConfiguration
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
        case .badDimensions(let dimensions, let length):
            "dimensions is out of range (\(dimensions)): the model allows 1 to \(length)"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .noBatch: "check the path"
        case .missingTensor, .badTensor:
            "write the batch with the names and shapes that `moca help replay` lists"
        case .badDimensions: "set it within the range"
        }
    }
}
