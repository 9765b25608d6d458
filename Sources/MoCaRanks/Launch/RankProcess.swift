// The process of one rank: started in a process group of its own, signalled, waited for.

import Foundation
import MoCaCore
import MoCaSystem
import Synchronization

/// A running process of one rank.
///
/// The process leads a process group. Ctrl-C of a terminal therefore reaches the launcher alone, which
/// passes it on once, and whatever the process started ends with it.
final class RankProcess: Sendable {
    /// What every process of a launch has in common.
    struct Program {
        var path: String
        var arguments: [String]
        /// The signals that the launcher handles itself, and that the process must not inherit as
        /// ignored.
        var signals: [Int32]
    }

    let rank: Int
    private let identifier: pid_t
    private let output: DedicatedThread<Void>?
    private let end = Mutex<RankEnd?>(nil)

    /// Starts the process; its standard input is empty.
    ///
    /// - Parameter onLine: receives the lines of standard output and standard error on a thread; nil
    ///   leaves both to the process as they are.
    /// - Throws: `LaunchError.cannotStart`, `.noPipe`.
    init(
        rank: Int, _ program: Program, environment: [String: String],
        onLine: (@Sendable (String) -> Void)?
    ) throws(LaunchError) {
        let pipe = onLine == nil ? nil : try RankPipe(rank: rank)
        var identifier: pid_t = 0
        let code = RankProcess.spawn(&identifier, program, environment, output: pipe?.writing)
        pipe?.closeWriting()
        guard code == 0 else {
            pipe?.closeReading()
            throw .cannotStart(
                program: program.path, rank: rank, reason: String(cString: strerror(code)))
        }
        self.rank = rank
        self.identifier = identifier
        if let pipe, let onLine {
            output = DedicatedThread(name: "moca.rank-output") {
                pipe.read(rank: rank, onLine: onLine)
            }
        } else {
            output = nil
        }
    }

    /// Sends a signal to the process, or SIGKILL to all of its group, unless it has ended.
    func send(_ signal: Int32) {
        end.withLock { end in
            guard end == nil else { return }
            kill(signal == SIGKILL ? -identifier : identifier, signal)
        }
    }

    /// Calls a closure on a thread of its own when the process has ended.
    func whenEnded(_ report: @escaping @Sendable (RankEnd) -> Void) {
        _ = DedicatedThread<Void>(name: "moca.rank-end") { report(self.wait()) }
    }

    /// Waits for the end of the process, ends what it left behind in its group, and frees its
    /// number.
    func wait() -> RankEnd {
        var information = siginfo_t()
        // The number is freed below, under the lock, so that no signal reaches its next owner.
        var result: Int32
        repeat {
            result = waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT)
        } while result != 0 && errno == EINTR
        return end.withLock { end in
            kill(-identifier, SIGKILL)
            var status: Int32 = 0
            var freed: pid_t
            repeat { freed = waitpid(identifier, &status, 0) } while freed < 0 && errno == EINTR
            let found =
                freed == identifier
                ? RankEnd(waitStatus: status) : .exited(FailureKind.internalFailure.rawValue)
            end = found
            return found
        }
    }

    /// Waits for the last lines of a process that has ended.
    ///
    /// - Parameter limit: the longest time to wait, for a program that left the process's group and
    ///   holds its output open.
    func finishOutput(atMost limit: Duration) {
        output?.join(atMost: limit)
    }
}

extension RankProcess {
    /// Starts the program.
    ///
    /// - Parameter output: the descriptor of its standard output and standard error; nil leaves both.
    /// - Returns: 0, or the `errno` of the failure.
    private static func spawn(
        _ identifier: inout pid_t, _ program: Program, _ environment: [String: String],
        output: Int32?
    ) -> Int32 {
        #if canImport(Darwin)
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #else
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        if let output {
            posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
            posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO)
        }
        let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK
        posix_spawnattr_setflags(&attributes, Int16(flags))
        posix_spawnattr_setpgroup(&attributes, 0)
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in program.signals { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        let arguments = [program.path] + program.arguments
        return withCStrings(arguments) { arguments in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
                posix_spawn(
                    &identifier, program.path, &actions, &attributes, arguments, environment)
            }
        }
    }

    /// Calls `body` with C strings and a final null pointer.
    private static func withCStrings<Value>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Value
    ) -> Value {
        let pointers = strings.map { strdup($0) }
        defer { for pointer in pointers { free(pointer) } }
        return body(pointers + [nil])
    }
}
