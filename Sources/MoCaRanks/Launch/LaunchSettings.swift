// The settings of `moca launch`, and the environment of each process that it starts.

package import Foundation
import MoCaCore

/// The processes that a launcher starts, and what it does when one fails.
package struct LaunchSettings: Sendable {
    /// The program that every process runs.
    package var program: URL
    /// The arguments of every process, without the program's name.
    package var arguments: [String]
    /// The number of processes, at least 1.
    package var processCount: Int
    /// How often all processes are started again after a failure.
    package var restartCountMax = 0
    /// The time between SIGTERM and SIGKILL when the others must end because one failed.
    package var grace = Duration.seconds(15)
    /// The number of threads of a process; nil selects an equal part of the machine's processors,
    /// unless `OMP_NUM_THREADS` is set.
    package var threads: Int?
    /// The environment of the launcher, which the processes inherit.
    package var environment: [String: String]
    /// The name of this launch, which restarts keep.
    package var identifier = UUID().uuidString.lowercased()

    package init(
        program: URL, arguments: [String], processCount: Int, environment: [String: String]
    ) {
        self.program = program
        self.arguments = arguments
        self.processCount = processCount
        self.environment = environment
    }

    /// The environment of one process: the variables of torchrun, and those of ``LauncherWatch``.
    ///
    /// `OMP_NUM_THREADS` is an equal part of the processors: with libtorch's default, every process
    /// would use all of them, and with torchrun's, one.
    ///
    /// - Parameters:
    ///   - restart: the number of earlier starts of all processes.
    ///   - port: the port of the store that the launcher serves on the loopback address.
    ///   - processorCount: the number of processors that the launcher may use.
    func environment(
        rank: Int, restart: Int, port: Int, processorCount: Int
    ) -> [String: String] {
        var variables = environment
        let numbers = [
            "RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": processCount,
            "LOCAL_WORLD_SIZE": processCount, "GROUP_RANK": 0, "MASTER_PORT": port,
            "TORCHELASTIC_RESTART_COUNT": restart, "TORCHELASTIC_MAX_RESTARTS": restartCountMax,
            LauncherWatch.launcherVariable: Int(getpid()),
        ]
        variables.merge(numbers.mapValues { String($0) }) { $1 }
        variables["MASTER_ADDR"] = Self.address
        variables["TORCHELASTIC_USE_AGENT_STORE"] = "True"
        variables["TORCHELASTIC_RUN_ID"] = identifier
        variables[LauncherWatch.graceVariable] = String(grace.seconds)
        if let threads {
            variables["OMP_NUM_THREADS"] = String(threads)
        } else if variables.text("OMP_NUM_THREADS") == nil {
            variables["OMP_NUM_THREADS"] = String(max(1, processorCount / processCount))
        }
        return variables
    }

    /// The address of the store.
    static let address = "127.0.0.1"
}
