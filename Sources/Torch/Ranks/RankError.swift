// Failures of the communication between the processes of a run.

package import Foundation
package import MoCaCore

/// A failure of the communication between the processes of a run.
package enum RankError: UserFacingError, Equatable {
    /// A collective operation failed: another process has ended, hangs or cannot be reached. `rank`
    /// and `host` are those of the process, where known.
    case peerLost(rank: Int? = nil, host: String? = nil, reason: String)
    /// Another process has reported an error of its own and ends.
    case peerFailed(rank: Int)
    /// The processes could not find each other.
    case cannotJoin(reason: String, remedy: String)
    /// The processes are not those of one run, or have drifted apart.
    case mismatch(reason: String, remedy: String)

    package var kind: FailureKind {
        switch self {
        case .peerLost, .peerFailed, .cannotJoin: .unavailable
        case .mismatch: .badConfiguration
        }
    }

    package var errorDescription: String? {
        switch self {
        case .peerLost(let rank, let host, let reason):
            "another process of the run was lost (\(Self.name(rank, host))): \(reason)"
        case .peerFailed(let rank):
            "run was interrupted: rank \(rank) of it ended with an error"
        case .cannotJoin(let reason, _):
            "processes cannot join: \(reason)"
        case .mismatch(let reason, _):
            "processes do not fit together: \(reason)"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .peerLost:
            "see what that process reported; start all processes again to go on from the last "
                + "checkpoint"
        case .peerFailed: "correct what that process reports, and start all of them again"
        case .cannotJoin(_, let remedy), .mismatch(_, let remedy): remedy
        }
    }

    private static func name(_ rank: Int?, _ host: String?) -> String {
        switch (rank, host) {
        case (let rank?, let host?): "rank \(rank) on \(host)"
        case (let rank?, nil): "rank \(rank)"
        case (nil, let host?): "a rank on \(host)"
        case (nil, nil): "which one is not known"
        }
    }
}
