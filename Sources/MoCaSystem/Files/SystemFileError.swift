// The failure of a system call on a file.

import Foundation
package import MoCaCore

/// A failed system call on a file or folder.
///
/// A target with its own error type wraps this error by `path` and `reason`.
package struct SystemFileError: UserFacingError, Sendable, Hashable {
    /// The causes that callers treat differently.
    package enum Cause: Sendable, Hashable {
        /// The file or a folder above it does not exist.
        case missing
        /// Another process has locked the file.
        case inUse
        /// The disk or the quota is full.
        case diskFull
        case other
    }

    /// The file or folder that the call was for.
    package var path: String
    /// The `errno` of the call.
    package let code: Int32
    /// The reason in words, without the path.
    package let reason: String

    /// Creates an error with the system's text, or with `reason` instead.
    package init(path: String, code: Int32, reason: String? = nil) {
        self.path = path
        self.code = code
        let words = code == EWOULDBLOCK ? "another process is using it" : nil
        self.reason = reason ?? words ?? String(cString: strerror(code))
    }

    /// The cause, as far as callers distinguish it.
    package var cause: Cause {
        switch code {
        case ENOENT: .missing
        case EWOULDBLOCK: .inUse
        case ENOSPC, EDQUOT: .diskFull
        default: .other
        }
    }

    package var kind: FailureKind {
        switch cause {
        case .missing: .inputMissing
        case .inUse, .diskFull: .cannotCreateOutput
        case .other: .inputOutput
        }
    }

    package var errorDescription: String? { "cannot use the file (\(path)): \(reason)" }

    package var recoverySuggestion: String? {
        switch cause {
        case .missing: "check the path"
        case .inUse: "wait until the other process has ended"
        case .diskFull: "free space on the disk"
        case .other: nil
        }
    }

    /// This failure, reported for another path.
    func naming(_ url: URL) -> SystemFileError {
        SystemFileError(path: url.path, code: code, reason: reason)
    }
}

extension Error {
    /// The reason without the path, for an error that names the file itself.
    package var fileReason: String {
        (self as? SystemFileError)?.reason ?? localizedDescription
    }
}
