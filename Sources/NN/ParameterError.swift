// Mismatches between a model and its checkpoint.

public import MoCaCore
import Foundation

/// A failure of this target that reaches a user.
public enum ParameterError: UserFacingError, Hashable {
    /// The checkpoint's tensors do not match the model.
    case mismatch(file: String, missing: [String], misshapen: [String], unknown: [String])
    /// An optimiser's saved state does not match these parameters.
    case optimizerState(file: String, reason: String)

    /// An adapter's tensors do not match this model's layers.
    case adapterMismatch(
        file: String, missing: [String], misshapen: [String], unknown: [String])
    /// A pattern that matches no name.
    case patternUnused(setting: String, pattern: String)

    public var kind: FailureKind {
        if case .patternUnused = self { .badConfiguration } else { .badData }
    }

    public var errorDescription: String? {
        switch self {
        case .mismatch(let file, let missing, let misshapen, let unknown):
            "weights do not fit the model (\(file)): "
                + Self.parts(missing, misshapen, unknown)
        case .adapterMismatch(let file, let missing, let misshapen, let unknown):
            "adapter does not fit the model (\(file)): "
                + Self.parts(missing, misshapen, unknown)
        case .patternUnused(let setting, let pattern):
            "pattern is of no use (\(setting)): '\(pattern)' is in no name of this model"
        case .optimizerState(let file, let reason):
            "optimiser state does not fit the model (\(file)): \(reason)"
        }
    }

    public var recoverySuggestion: String? {
        switch self {
        case .mismatch(_, ["lm_head.weight"], [], []):
            "the model has no output matrix for masked text: pre-train one that has, or start fresh "
                + "with model.initialize"
        case .mismatch: "check that config.json and the weights belong to the same model"
        case .adapterMismatch:
            "give the model that the adapter was trained on (base_model_name_or_path of its "
                + "adapter_config.json)"
        case .patternUnused: "correct it; moca model info lists a model's parts"
        case .optimizerState: "resume from another checkpoint, or start anew with resume=never"
        }
    }

    private static func parts(
        _ missing: [String], _ misshapen: [String], _ unknown: [String]
    ) -> String {
        [("missing", missing), ("misshapen", misshapen), ("unknown", unknown)]
            .filter { !$0.1.isEmpty }
            .map { "\($0.1.count) \($0.0): \(list($0.1))" }
            .joined(separator: "; ")
    }

    /// The first names; those of a whole model would hide the message.
    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(12).joined(separator: ", ")
        return names.count > 12 ? "\(shown) and \(names.count - 12) more" : shown
    }
}
