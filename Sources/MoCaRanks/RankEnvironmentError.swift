// Errors in the environment variables of a launcher.

import Foundation
package import MoCaCore

/// Environment variables from which the place of a process cannot be read.
package enum RankEnvironmentError: UserFacingError, Hashable {
    /// A variable that is not a whole number of its range.
    case notANumber(variable: String, value: String, range: ClosedRange<Int>)
    /// One of rank and number of processes is set, the other is not.
    case incomplete(missing: String, present: String)
    /// A rank that is not below the number of processes; both as `NAME=value`.
    case rankOutOfRange(rank: String, worldSize: String, largest: Int)
    /// Several processes without an address at which they meet.
    case noAddress(launcher: RankEnvironment.Launcher, worldSize: Int)
    /// A `RANK` that counts pods instead of processes.
    case rankOfPod(processesPerPod: String)
    /// A host with more processes than CUDA devices.
    case noDevice(localRank: Int, deviceCount: Int)

    package var kind: FailureKind { .badConfiguration }

    package var errorDescription: String? {
        switch self {
        case .notANumber(let variable, let value, let range):
            return "rank cannot be read (\(variable)=\(value)): it is not a whole number from "
                + "\(range.lowerBound) to \(range.upperBound)"
        case .incomplete(let missing, let present):
            return "rank cannot be read (\(present)): \(missing) is not set"
        case .rankOutOfRange(let rank, let worldSize, let largest):
            return "rank is out of range (\(rank), \(worldSize)): the largest is \(largest)"
        case .noAddress(let launcher, let worldSize):
            return "processes cannot meet (MASTER_ADDR): \(launcher.name) started "
                + "\(worldSize), and the variable is not set"
        case .rankOfPod(let count):
            return "rank cannot be read (PET_NPROC_PER_NODE=\(count)): RANK is the number of a pod "
                + "that should start several processes"
        case .noDevice(let localRank, let deviceCount):
            return "device cannot be chosen (local rank \(localRank)): this process can use "
                + "\(deviceCount) CUDA \(deviceCount == 1 ? "device" : "devices")"
        }
    }

    package var recoverySuggestion: String? {
        switch self {
        case .notANumber(let variable, _, _):
            "correct it, or unset \(variable) and the launcher's other variables to run one process"
        case .incomplete(let missing, let present):
            "set \(missing) too, or unset \(present.prefix { $0 != "=" }) to run one process"
        case .rankOutOfRange:
            "number the processes from 0"
        case .noAddress(let launcher, _):
            Self.howToSetAddress(launcher)
        case .rankOfPod(let count):
            "start the program by torchrun --no-python, or leave nprocPerNode out and make a pod of "
                + "every process (now \(count) a pod)"
        case .noDevice:
            "start as many processes on a host as it has devices, or compute on cpu"
        }
    }

    private static func howToSetAddress(_ launcher: RankEnvironment.Launcher) -> String {
        switch launcher {
        case .torchrun, .moca:
            "set MASTER_ADDR to the host of rank 0, and MASTER_PORT to a free port of it"
        case .slurm:
            "before srun, export MASTER_ADDR=$(scontrol show hostnames \"$SLURM_JOB_NODELIST\" | "
                + "head -n 1), and MASTER_PORT with a free port"
        case .openMPI:
            "add -x MASTER_ADDR=HOST -x MASTER_PORT=29500 to mpirun, with the host of rank 0"
        case .pmi:
            "add -genv MASTER_ADDR HOST -genv MASTER_PORT 29500 to mpiexec, with the host of rank 0"
        }
    }
}
