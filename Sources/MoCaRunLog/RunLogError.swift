// The errors of reading the logs of a run.

import Foundation
package import MoCaCore

/// A failure to read the logs of a run.
package enum RunLogError: UserFacingError, Equatable {
    case unreadable(file: String, reason: String)
    case invalidLine(file: String, line: Int, reason: String)

    /// The exit status of a command that ends with this error.
    package var kind: FailureKind {
        switch self {
        case .unreadable: .inputMissing
        case .invalidLine: .badData
        }
    }

    /// The message, in the form `WHAT (WHERE): WHY`.
    package var errorDescription: String? {
        switch self {
        case .unreadable(let file, let reason): "run log cannot be read (\(file)): \(reason)"
        case .invalidLine(let file, let line, let reason):
            "run log has an invalid line (\(file), line \(line)): \(reason)"
        }
    }

    /// A suggestion for fixing the error.
    package var recoverySuggestion: String? {
        switch self {
        case .unreadable: "check that the folder is one of a training run"
        case .invalidLine: "remove the line"
        }
    }
}
