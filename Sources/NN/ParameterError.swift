// What can be wrong between a model and its checkpoint.

public import MoCaCore
import Foundation

/// A failure of this target that reaches a user.
public enum ParameterError: UserFacingError, Hashable {
    /// The checkpoint's tensors are not those of the model.
    case mismatch(file: String, missing: [String], misshapen: [String], unknown: [String])
    /// An optimiser's saved state is not that of these parameters.
    case optimizerState(file: String, reason: String)

    public var kind: FailureKind { .badData }

    public var errorDescription: String? {
        switch self {
        case .mismatch(let file, let missing, let misshapen, let unknown):
            let parts = [("missing", missing), ("misshapen", misshapen), ("unknown", unknown)]
                .filter { !$0.1.isEmpty }
                .map { "\($0.1.count) \($0.0): \(Self.list($0.1))" }
            return "weights do not fit the model (\(file)): \(parts.joined(separator: "; "))"
        case .optimizerState(let file, let reason):
            return "optimiser state does not fit the model (\(file)): \(reason)"
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .mismatch: "check that config.json and the weights belong to the same model"
        case .optimizerState: "resume from another checkpoint, or start anew with resume=never"
        }
    }

    /// The first names; a whole model's would bury the message.
    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(12).joined(separator: ", ")
        return names.count > 12 ? "\(shown) and \(names.count - 12) more" : shown
    }
}
