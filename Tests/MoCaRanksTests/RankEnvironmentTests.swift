import MoCaCore
import Testing

@testable import MoCaRanks

/// The variables are those that the launchers set: torchrun 2.13, Kubeflow's training operator 1.9,
/// Slurm 24, Open MPI 5 and MPICH 4, with what each inherits from the one around it.
@Suite struct RankEnvironmentTests {
    private static let address = ["MASTER_ADDR": "node1", "MASTER_PORT": "4000"]

    private static let torchrun = [
        "RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "4",
        "GROUP_RANK": "1", "MASTER_ADDR": "node1", "MASTER_PORT": "4000",
        "TORCHELASTIC_USE_AGENT_STORE": "True", "TORCHELASTIC_RESTART_COUNT": "2",
        "TORCHELASTIC_MAX_RESTARTS": "3", "TORCHELASTIC_RUN_ID": "none",
    ]
    private static let pyTorchJob = [
        "RANK": "5", "WORLD_SIZE": "8", "MASTER_ADDR": "job-master-0", "MASTER_PORT": "23456",
        "PET_NODE_RANK": "5", "PET_NNODES": "8", "PET_MASTER_ADDR": "job-master-0",
    ]
    private static let allocation = [
        "SLURM_JOB_ID": "7", "SLURM_NTASKS": "8", "SLURM_NPROCS": "8", "SLURM_PROCID": "0",
        "SLURM_LOCALID": "0", "SLURM_NODEID": "0", "SLURM_JOB_NODELIST": "node[1-2]",
    ]
    private static let srun = with(
        allocation,
        [
            "SLURM_STEP_ID": "0", "SLURM_STEPID": "0", "SLURM_STEP_NUM_TASKS": "8",
            "SLURM_PROCID": "5", "SLURM_LOCALID": "1", "SLURM_NODEID": "1",
        ])
    /// The step in which mpirun and mpiexec start one helper on each host.
    private static let daemonStep = with(
        srun, ["SLURM_PROCID": "1", "SLURM_LOCALID": "0", "SLURM_STEP_NUM_TASKS": "2"])
    private static let mpirun = [
        "OMPI_COMM_WORLD_SIZE": "8", "OMPI_COMM_WORLD_RANK": "5", "OMPI_COMM_WORLD_LOCAL_RANK": "1",
        "OMPI_COMM_WORLD_LOCAL_SIZE": "4", "PMIX_RANK": "5",
    ]
    private static let hydra = [
        "PMI_RANK": "5", "PMI_SIZE": "8", "MPI_LOCALRANKID": "1", "MPI_LOCALNRANKS": "4",
    ]

    private static func with(
        _ variables: [String: String], _ others: [String: String]
    ) -> [String: String] {
        variables.merging(others) { $1 }
    }

    /// Rank 5 of 8, the second process of its host, as each launcher passes it.
    static let places: [(String, [String: String], RankEnvironment)] = [
        ("torchrun", torchrun, place(.torchrun, usesAgentStore: true, restartCount: 2)),
        (
            "moca launch", with(torchrun, ["MOCA_LAUNCHER_PID": "9"]),
            place(.moca, usesAgentStore: true, restartCount: 2)
        ),
        (
            "PyTorchJob", pyTorchJob,
            place(.torchrun, localRank: nil, localWorldSize: nil, "job-master-0", 23456)
        ),
        (
            "torchrun in a PyTorchJob", with(pyTorchJob, torchrun),
            place(.torchrun, usesAgentStore: true, restartCount: 2)
        ),
        (
            "torchrun in a step", with(srun, torchrun),
            place(.torchrun, usesAgentStore: true, restartCount: 2)
        ),
        ("srun", with(srun, address), place(.slurm, localWorldSize: nil)),
        (
            "a step smaller than its allocation",
            with(with(srun, address), ["SLURM_NTASKS": "16", "SLURM_NPROCS": "16"]),
            place(.slurm, localWorldSize: nil)
        ),
        (
            "srun --mpi=pmi2", with(with(srun, address), ["PMI_RANK": "5", "PMI_SIZE": "8"]),
            place(.slurm, localWorldSize: nil)
        ),
        ("mpirun", with(mpirun, address), place(.openMPI)),
        (
            "mpirun in an allocation",
            with(daemonStep, with(mpirun, address)),
            place(.openMPI)
        ),
        ("mpiexec", with(hydra, address), place(.pmi)),
        (
            "mpiexec in an allocation",
            with(daemonStep, with(hydra, address)),
            place(.pmi)
        ),
        (
            "no port", with(hydra, ["MASTER_ADDR": "node1"]),
            place(.pmi, localRank: 1, localWorldSize: 4, "node1", 29_500)
        ),
    ]

    private static func place(
        _ launcher: RankEnvironment.Launcher, localRank: Int? = 1, localWorldSize: Int? = 4,
        _ address: String = "node1",
        _ port: Int = 4000, usesAgentStore: Bool = false, restartCount: Int = 0
    ) -> RankEnvironment {
        RankEnvironment(
            launcher: launcher, rank: 5, worldSize: 8, localRank: localRank,
            localWorldSize: localWorldSize, address: address, port: port,
            usesAgentStore: usesAgentStore, restartCount: restartCount)
    }

    @Test(arguments: places.indices)
    func aPlaceIsRead(index: Int) throws {
        let (name, variables, place) = Self.places[index]
        #expect(try RankEnvironment.read(variables) == place, "\(name)")
        #expect(try RankEnvironment.launcher(in: variables) == place.launcher, "\(name)")
    }

    /// Environments of one process.
    static let single: [(String, [String: String])] = [
        ("nothing", [:]),
        ("empty variables", ["RANK": "", "WORLD_SIZE": "", "PMI_RANK": ""]),
        ("torchrun with one process", with(torchrun, ["RANK": "0", "WORLD_SIZE": "1"])),
        ("a world of one without a rank", ["WORLD_SIZE": "1"]),
        ("salloc, and the script of sbatch", allocation),
        // The shell of salloc as a step of its own, and how older versions print its number.
        ("an interactive step", with(srun, ["SLURM_STEP_ID": "4294967290"])),
        ("an interactive step, signed", with(srun, ["SLURM_STEP_ID": "-6"])),
        ("the batch step", with(srun, ["SLURM_STEP_ID": "4294967291"])),
        ("srun -n 1 --pty bash", with(srun, ["SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"])),
        ("mpirun -n 1", with(mpirun, ["OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0"])),
        ("mpiexec -n 1", ["PMI_RANK": "0", "PMI_SIZE": "1"]),
        ("a PMI server without a size", ["PMI_RANK": "0"]),
    ]

    @Test(arguments: single.indices)
    func oneProcessHasNoPlace(index: Int) throws {
        let (name, variables) = Self.single[index]
        #expect(try RankEnvironment.read(variables) == nil, "\(name)")
    }

    static let broken: [([String: String], RankEnvironmentError, String)] = [
        (
            with(torchrun, ["RANK": "two"]),
            .notANumber(variable: "RANK", value: "two", range: 0...1_000_000),
            "rank cannot be read (RANK=two): it is not a whole number from 0 to 1000000; correct it, "
                + "or unset RANK and the launcher's other variables to run one process"
        ),
        (
            with(torchrun, ["WORLD_SIZE": "0"]),
            .notANumber(variable: "WORLD_SIZE", value: "0", range: 1...1_000_000),
            "rank cannot be read (WORLD_SIZE=0): it is not a whole number from 1 to 1000000; correct "
                + "it, or unset WORLD_SIZE and the launcher's other variables to run one process"
        ),
        (
            with(torchrun, ["LOCAL_RANK": "-1"]),
            .notANumber(variable: "LOCAL_RANK", value: "-1", range: 0...1_000_000),
            "rank cannot be read (LOCAL_RANK=-1): it is not a whole number from 0 to 1000000; correct "
                + "it, or unset LOCAL_RANK and the launcher's other variables to run one process"
        ),
        (
            with(torchrun, ["MASTER_PORT": "70000"]),
            .notANumber(variable: "MASTER_PORT", value: "70000", range: 1...65_535),
            "rank cannot be read (MASTER_PORT=70000): it is not a whole number from 1 to 65535; "
                + "correct it, or unset MASTER_PORT and the launcher's other variables to run one "
                + "process"
        ),
        (
            ["WORLD_SIZE": "8", "MASTER_ADDR": "node1"],
            .incomplete(missing: "RANK", present: "WORLD_SIZE=8"),
            "rank cannot be read (WORLD_SIZE=8): RANK is not set; set RANK too, or unset WORLD_SIZE "
                + "to run one process"
        ),
        (
            ["RANK": "0"], .incomplete(missing: "WORLD_SIZE", present: "RANK=0"),
            "rank cannot be read (RANK=0): WORLD_SIZE is not set; set WORLD_SIZE too, or unset RANK "
                + "to run one process"
        ),
        (
            with(torchrun, ["RANK": "8"]),
            .rankOutOfRange(rank: "RANK=8", worldSize: "WORLD_SIZE=8", largest: 7),
            "rank is out of range (RANK=8, WORLD_SIZE=8): the largest is 7; number the processes "
                + "from 0"
        ),
        (
            with(torchrun, ["RANK": "1", "WORLD_SIZE": "1"]),
            .rankOutOfRange(rank: "RANK=1", worldSize: "WORLD_SIZE=1", largest: 0),
            "rank is out of range (RANK=1, WORLD_SIZE=1): the largest is 0; number the processes "
                + "from 0"
        ),
        (
            with(torchrun, ["LOCAL_RANK": "4"]),
            .rankOutOfRange(rank: "LOCAL_RANK=4", worldSize: "LOCAL_WORLD_SIZE=4", largest: 3),
            "rank is out of range (LOCAL_RANK=4, LOCAL_WORLD_SIZE=4): the largest is 3; number the "
                + "processes from 0"
        ),
        (
            with(pyTorchJob, ["MASTER_ADDR": ""]), .noAddress(launcher: .torchrun, worldSize: 8),
            "processes cannot meet (MASTER_ADDR): torchrun or PyTorchJob started 8, and the variable "
                + "is not set; set MASTER_ADDR to the host of rank 0, and MASTER_PORT to a free port "
                + "of it"
        ),
        (
            srun, .noAddress(launcher: .slurm, worldSize: 8),
            "processes cannot meet (MASTER_ADDR): srun started 8, and the variable is not set; before "
                + "srun, export MASTER_ADDR=$(scontrol show hostnames \"$SLURM_JOB_NODELIST\" | "
                + "head -n 1), and MASTER_PORT with a free port"
        ),
        (
            mpirun, .noAddress(launcher: .openMPI, worldSize: 8),
            "processes cannot meet (MASTER_ADDR): mpirun started 8, and the variable is not set; add "
                + "-x MASTER_ADDR=HOST -x MASTER_PORT=29500 to mpirun, with the host of rank 0"
        ),
        (
            hydra, .noAddress(launcher: .pmi, worldSize: 8),
            "processes cannot meet (MASTER_ADDR): mpiexec started 8, and the variable is not set; add "
                + "-genv MASTER_ADDR HOST -genv MASTER_PORT 29500 to mpiexec, with the host of rank 0"
        ),
        (
            with(pyTorchJob, ["PET_NPROC_PER_NODE": "8", "WORLD_SIZE": "64"]),
            .rankOfPod(processesPerPod: "8"),
            "rank cannot be read (PET_NPROC_PER_NODE=8): RANK is the number of a pod that should start "
                + "several processes; start the program by torchrun --no-python, or leave nprocPerNode "
                + "out and make a pod of every process (now 8 a pod)"
        ),
    ]

    @Test(arguments: broken.indices)
    func brokenVariablesAreNamed(index: Int) {
        let (variables, error, text) = Self.broken[index]
        #expect(throws: error) { try RankEnvironment.read(variables) }
        #expect(error.oneLine == text)
        #expect(error.kind == .badConfiguration)
    }

    @Test func theDeviceIsTheLocalRank() throws {
        var place = Self.place(.torchrun, localRank: 3)
        #expect(try place.deviceIndex(among: 8) == 3)
        // Slurm's --gpus-per-task shows each task its own device only, as number 0.
        #expect(try place.deviceIndex(among: 1) == 0)
        let error = RankEnvironmentError.noDevice(localRank: 3, deviceCount: 2)
        #expect(throws: error) { try place.deviceIndex(among: 2) }
        #expect(
            error.oneLine
                == "device cannot be chosen (local rank 3): this process can use 2 CUDA devices; start "
                + "as many processes on a host as it has devices, or compute on cpu")
        place.localRank = nil
        #expect(try place.deviceIndex(among: 8) == 0)
    }
}
