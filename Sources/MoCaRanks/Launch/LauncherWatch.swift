// Ends a process that `moca launch` started when `moca launch` is gone.

import Foundation
import MoCaCore
import MoCaSystem

/// The watch of a rank over the `moca launch` that started it.
///
/// A launcher that is killed cannot end its processes. Each of them therefore looks a few times a
/// second whether its parent process is still the launcher. If it is not, the process sends SIGTERM
/// to itself, as the launcher would have done, so that a training saves its state; after the grace
/// period of `moca launch` it exits with status 75.
package enum LauncherWatch {
    /// The variable with the launcher's process number.
    package static let launcherVariable = "MOCA_LAUNCHER_PID"
    /// The variable with the seconds between SIGTERM and the end.
    static let graceVariable = "MOCA_LAUNCHER_GRACE"

    private static let interval: useconds_t = 200_000
    private static let defaultGrace = 15.0
    private static let graceMax = 1e6

    /// Whether this process is one of several whose launcher passes signals on to it.
    ///
    /// Such a process may receive a signal twice: from whoever signalled all processes of the job,
    /// and from the launcher.
    package static func passesSignalsOn(_ variables: [String: String]) -> Bool {
        variables.text(launcherVariable) != nil || variables.text("TORCHELASTIC_RUN_ID") != nil
    }

    /// Starts the watch, if `moca launch` started this process.
    ///
    /// A program that this process starts inherits the variable, but has another parent; it watches
    /// nothing.
    ///
    /// - Returns: whether the launcher is watched.
    @discardableResult
    package static func start(_ variables: [String: String]) -> Bool {
        guard let launcher = variables.text(launcherVariable).flatMap({ pid_t($0) }), launcher > 0
        else { return false }
        if getppid() != launcher, kill(launcher, 0) == 0 || errno == EPERM { return false }
        let grace = variables.text(graceVariable).flatMap { Double($0) } ?? defaultGrace
        let isFirst = variables.text("RANK") == "0"
        _ = DedicatedThread<Void>(name: "moca.launcher-watch") {
            while getppid() == launcher { usleep(interval) }
            // Only the launcher read the output of the other ranks: a write would end them.
            if !isFirst { discardOutput() }
            kill(getpid(), SIGTERM)
            Thread.sleep(forTimeInterval: min(max(0, grace), graceMax))
            // Open files need no cleanup: outputs are complete or absent.
            _exit(FailureKind.interrupted.rawValue)
        }
        return true
    }

    private static func discardOutput() {
        let null = open("/dev/null", O_WRONLY)
        guard null >= 0 else { return }
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] { dup2(null, descriptor) }
        close(null)
    }
}
