// How the process of a rank ended, and whether starting it again could help.

import Foundation
import MoCaCore

/// The end of a process.
package enum RankEnd: Sendable, Hashable {
    /// The process exited with a status.
    case exited(Int32)
    /// A signal ended the process.
    case killed(signal: Int32)

    /// Reads the value that `waitpid` returns.
    init(waitStatus: Int32) {
        let signal = waitStatus & 0x7f
        self = signal == 0 ? .exited(waitStatus >> 8 & 0xff) : .killed(signal: signal)
    }

    /// The status of the process as shells report it: 128 and the number of a signal.
    package var status: Int32 {
        switch self {
        case .exited(let status): status
        case .killed(let signal): 128 + signal
        }
    }

    /// Whether the process was interrupted, saved what it had, and ended by itself.
    var isInterruption: Bool { self == .exited(FailureKind.interrupted.rawValue) }

    /// Whether the end may be a consequence of another rank's: a rank that loses its peers exits with
    /// this status.
    var mayBeConsequence: Bool { self == .exited(FailureKind.unavailable.rawValue) }

    /// Whether the same command could succeed if all ranks were started again.
    ///
    /// Wrong usage, bad or missing input, an output that cannot be created, missing permissions and
    /// invalid settings stay what they are, and whoever interrupted a rank wanted it to end.
    package var isWorthRestarting: Bool {
        switch self {
        case .exited(let status): !Self.lastingStatuses.contains(status)
        case .killed(let signal): ![SIGINT, SIGTERM, SIGHUP, SIGQUIT].contains(signal)
        }
    }

    /// EX_USAGE, EX_NOPERM, and those of `FailureKind` that a second start does not change.
    private static let lastingStatuses: Set<Int32> = Set(
        [FailureKind.badData, .inputMissing, .cannotCreateOutput, .interrupted, .badConfiguration]
            .map(\.rawValue)
    ).union([0, 64, 77, 128 + SIGINT, 128 + SIGTERM])

    /// The end in words that follow "rank 2".
    package var text: String {
        switch self {
        case .exited(let status):
            "ended with status \(status)"
        case .killed(let signal):
            "was killed by signal \(signal) (\(Self.signalNames[signal] ?? "unknown"))"
        }
    }

    /// What may have caused the end, or what to do about it.
    package var hint: String {
        switch self {
        case .killed(SIGKILL):
            "the system may have run out of memory (its log says so), or a scheduler ended the process"
        case .killed(SIGSEGV), .killed(SIGBUS), .killed(SIGABRT), .killed(SIGILL), .killed(SIGFPE):
            "the program failed inside a library: report its last lines"
        case .exited(FailureKind.unavailable.rawValue):
            "it lost another rank or a device: its last lines say which"
        case .exited, .killed:
            "its last lines say why"
        }
    }

    private static let signalNames: [Int32: String] = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL",
        SIGTRAP: "SIGTRAP", SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE",
        SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM",
        SIGTERM: "SIGTERM", SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGUSR1: "SIGUSR1",
        SIGUSR2: "SIGUSR2", SIGSYS: "SIGSYS",
    ]
}

/// The failure of a rank.
package struct RankFailure: Sendable, Hashable {
    /// The rank that failed.
    package var rank: Int
    /// How its process ended.
    package var end: RankEnd

    /// The failure in words, such as "rank 2 ended with status 69".
    package var text: String { "rank \(rank) \(end.text)" }
}
