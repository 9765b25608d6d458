// The content of every error that reaches a user, and the exit status of a command that it ends.

public import Foundation

/// The category of a failure; the raw value is the `sysexits` status of a command.
public enum FailureKind: Int32, Sendable, CaseIterable {
    /// Invalid data.
    case badData = 65
    /// A missing file or folder.
    case inputMissing = 66
    /// A device or service that is not available.
    case unavailable = 69
    /// A fault of the program.
    case internalFailure = 70
    /// An output that cannot be created.
    case cannotCreateOutput = 73
    /// A failure while reading or writing.
    case inputOutput = 74
    /// An interruption; the work can be resumed.
    case interrupted = 75
    /// Invalid settings.
    case badConfiguration = 78
}

/// An error made for people: `errorDescription` says what failed, where and why, with file and
/// record; `recoverySuggestion` says how to fix it.
public protocol UserFacingError: LocalizedError {
    /// The category of the failure.
    var kind: FailureKind { get }
}

extension UserFacingError {
    /// The error on one line, as `WHAT (WHERE): WHY; HOW TO FIX`.
    public var oneLine: String {
        let what = errorDescription ?? String(describing: self)
        guard let fix = recoverySuggestion, !fix.isEmpty else { return what }
        return "\(what); \(fix)"
    }
}
