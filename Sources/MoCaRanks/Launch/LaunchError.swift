// Errors of starting the processes of a machine.

import Foundation
package import MoCaCore

/// A launch that cannot begin.
package enum LaunchError: UserFacingError, Hashable {
    /// The program cannot be started.
    case cannotStart(program: String, rank: Int, reason: String)
    /// There are no file descriptors left for the output of a rank.
    case noPipe(rank: Int, reason: String)
    /// The launcher is itself one of several processes.
    case isRank(RankEnvironment.Launcher)

    package var kind: FailureKind {
        switch self {
        case .cannotStart, .noPipe: .unavailable
        case .isRank: .badConfiguration
        }
    }

    package var errorDescription: String? {
        switch self {
        case .cannotStart(let program, let rank, let reason):
            "rank \(rank) cannot be started (\(program)): \(reason)"
        case .noPipe(let rank, let reason):
            "rank \(rank) cannot be started (pipe for its output): \(reason)"
        case .isRank(let launcher):
            "processes cannot be launched (\(launcher.name)): this process is itself one of several"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .cannotStart: "check the program's permissions and the limit on processes (ulimit -u)"
        case .noPipe: "raise the limit on open files (ulimit -n), or start fewer processes"
        case .isRank(let launcher):
            "run the command itself under \(launcher.name), or launch it from one process"
        }
    }
}
