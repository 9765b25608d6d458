// Why a call of the operating system on a file failed.

import Foundation
package import MoCaCore

/// A failed call of the operating system on a file or folder.
///
/// A target with an error of its own wraps it by `path` and `reason`.
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

    /// The file or folder that the call was about.
    package var path: String
    /// The `errno` of the call.
    package let code: Int32
    /// The cause in words, without the path.
    package let reason: String

    /// An error with the system's own words, or with `reason` in their place.
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

    /// The same failure, reported for another path.
    func naming(_ url: URL) -> SystemFileError {
        SystemFileError(path: url.path, code: code, reason: reason)
    }
}

extension Error {
    /// The cause without the path, for an error that names the file itself.
    package var fileReason: String {
        (self as? SystemFileError)?.reason ?? localizedDescription
    }
}
