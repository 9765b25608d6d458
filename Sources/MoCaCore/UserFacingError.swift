// What every error that reaches a user says, and the exit status that it ends a command with.

public import Foundation

/// What kind of failure an error reports; the raw value is the `sysexits` status of a command.
public enum FailureKind: Int32, Sendable, CaseIterable {
    /// Data that cannot be what it should be.
    case badData = 65
    /// A file or folder that is not there.
    case inputMissing = 66
    /// A device or a service that is not there.
    case unavailable = 69
    /// A fault of the program.
    case internalFailure = 70
    /// An output that cannot be made.
    case cannotCreateOutput = 73
    /// A failure while reading or writing.
    case inputOutput = 74
    /// Stopped before the end; it can go on from there.
    case interrupted = 75
    /// Settings that do not fit.
    case badConfiguration = 78
}

/// An error made for people: `errorDescription` says what failed, where and why, naming file and
/// record; `recoverySuggestion` says how to fix it.
public protocol UserFacingError: LocalizedError {
    /// What kind of failure it is.
    var kind: FailureKind { get }
}

extension UserFacingError {
    /// `WHAT (WHERE): WHY; HOW TO FIX`, on one line.
    public var oneLine: String {
        let what = errorDescription ?? String(describing: self)
        guard let fix = recoverySuggestion, !fix.isEmpty else { return what }
        return "\(what); \(fix)"
    }
}
