// What every error that reaches a user says, and the exit status that it ends a command with.

public import Foundation

/// What kind of failure an error reports; the raw value is the `sysexits` status of a command.
public enum FailureKind: Int32, Sendable, CaseIterable {
    case badData = 65
    case inputMissing = 66
    case unavailable = 69
    case internalFailure = 70
    case cannotCreateOutput = 73
    case inputOutput = 74
    case interrupted = 75
    case badConfiguration = 78
}

/// An error made for people: `errorDescription` says what failed, where and why, naming file and
/// record; `recoverySuggestion` says how to fix it.
public protocol UserFacingError: LocalizedError {
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
