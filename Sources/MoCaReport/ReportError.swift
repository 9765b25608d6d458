// The errors of making a report.

import Foundation
package import MoCaCore

/// An error of making a report.
package enum ReportError: UserFacingError, Equatable {
    case unknownImage(name: String)
    /// An input file of a page cannot be read.
    case unreadableInput(file: String, reason: String)
    case cannotWrite(file: String, reason: String)

    /// The exit status of a command that ends with this error.
    package var kind: FailureKind {
        switch self {
        case .unknownImage: .badData
        case .unreadableInput: .inputMissing
        case .cannotWrite: .cannotCreateOutput
        }
    }

    /// The problem, in the form `WHAT (WHERE): WHY`.
    package var errorDescription: String? {
        switch self {
        case .unknownImage(let name):
            "cannot show image (\(name)): it is neither PNG, JPEG, GIF nor WebP"
        case .unreadableInput(let file, let reason): "input cannot be read (\(file)): \(reason)"
        case .cannotWrite(let file, let reason): "cannot write report (\(file)): \(reason)"
        }
    }

    /// A suggestion for fixing the problem.
    package var recoverySuggestion: String? {
        switch self {
        case .unknownImage: "encode it as PNG or JPEG"
        case .unreadableInput: "check the path"
        case .cannotWrite: "check that the folder exists and has free space"
        }
    }
}
