// The place of this process among those that a launcher started, read from environment variables.

/// The place of this process among the processes that a launcher started together.
///
/// torchrun, `moca launch`, Kubernetes' PyTorchJob, Slurm's srun, Open MPI's mpirun and MPICH's
/// mpiexec all pass a process its place in environment variables; ``read(_:)`` is the only code
/// that knows their names.
package struct RankEnvironment: Sendable, Hashable {
    /// The kind of program that started the processes.
    package enum Launcher: Sendable, Hashable, CaseIterable {
        /// torchrun, Kubernetes' PyTorchJob, or whoever sets the same variables.
        case torchrun
        /// `moca launch`.
        case moca
        /// Slurm's srun.
        case slurm
        /// Open MPI's mpirun.
        case openMPI
        /// MPICH's or Intel MPI's mpiexec, and other launchers with a PMI server.
        case pmi
    }

    /// The launcher whose variables were read.
    package var launcher: Launcher
    /// The number of this process, from 0 to `worldSize - 1`.
    package var rank: Int
    /// The number of processes, at least 2.
    package var worldSize: Int
    /// The number of this process among those of its host; nil if the launcher does not say.
    package var localRank: Int?
    /// The number of processes on this host; nil if the launcher does not say.
    package var localWorldSize: Int?
    /// The host of the store in which the processes meet (`MASTER_ADDR`).
    package var address: String
    /// The port of that store (`MASTER_PORT`).
    package var port: Int
    /// Whether the launcher serves the store; otherwise rank 0 does.
    package var usesAgentStore: Bool
    /// How often the launcher has already started these processes again after a failure.
    package var restartCount: Int

    /// The port where `MASTER_PORT` is not set, as in PyTorch.
    package static let defaultPort = 29_500

    /// Reads the place of a process from its environment variables.
    ///
    /// The variables of torchrun count first, because all other launchers can set them on purpose;
    /// then those of Open MPI and PMI, because mpirun and mpiexec start their processes inside steps
    /// of Slurm, whose variables then describe mpirun's own helpers; those of Slurm count last.
    ///
    /// An allocation of Slurm is not yet a set of processes: `salloc` and the script of `sbatch` also
    /// have `SLURM_NTASKS` and `SLURM_PROCID=0`. Only a process of a numbered step, which `srun`
    /// makes, is a rank, so that a command typed into an interactive allocation stays one process.
    ///
    /// - Parameter variables: the environment of the process.
    /// - Returns: the place; nil if there is one process only.
    /// - Throws: `RankEnvironmentError` if a number is malformed or out of range, if one of a pair of
    ///   variables is missing, or if the processes have no address to meet at.
    package static func read(
        _ variables: [String: String]
    ) throws(RankEnvironmentError) -> RankEnvironment? {
        guard let place = try RankPlace.read(variables) else { return nil }
        guard let address = variables.text("MASTER_ADDR") else {
            throw .noAddress(launcher: place.launcher, worldSize: place.worldSize)
        }
        return RankEnvironment(
            launcher: place.launcher, rank: place.rank, worldSize: place.worldSize,
            localRank: place.localRank, localWorldSize: place.localWorldSize, address: address,
            port: try variables.number("MASTER_PORT", in: 1...65_535) ?? defaultPort,
            usesAgentStore: ["true", "1"].contains(
                variables.text("TORCHELASTIC_USE_AGENT_STORE")?.lowercased()),
            restartCount: try variables.number("TORCHELASTIC_RESTART_COUNT", in: counts) ?? 0)
    }

    /// The launcher of this process, if it is one of several; unlike ``read(_:)`` it needs no address.
    ///
    /// - Throws: `RankEnvironmentError`.
    package static func launcher(
        in variables: [String: String]
    ) throws(RankEnvironmentError) -> Launcher? {
        try RankPlace.read(variables)?.launcher
    }

    /// The index of this process's CUDA device: its number on the host, or 0 if the launcher shows
    /// each process one device only.
    ///
    /// - Parameter count: the number of devices that this process can use.
    /// - Throws: `RankEnvironmentError.noDevice` if the host has more processes than devices.
    func deviceIndex(among count: Int) throws(RankEnvironmentError) -> Int {
        guard count != 1, let localRank else { return 0 }
        guard localRank < count else {
            throw .noDevice(localRank: localRank, deviceCount: count)
        }
        return localRank
    }

    /// The index of this process's CUDA device among those that `CUDA_VISIBLE_DEVICES` shows it, or
    /// among all of the host.
    ///
    /// - Throws: `RankEnvironmentError.noDevice`.
    package func deviceIndex(
        _ variables: [String: String]
    ) throws(RankEnvironmentError) -> Int {
        let visible = variables["CUDA_VISIBLE_DEVICES"]?.split(separator: ",").count
        return try deviceIndex(among: visible ?? .max)
    }

    /// The range of ranks and counts that can be read.
    static let counts = 0...1_000_000
}

extension RankEnvironment.Launcher {
    /// The launcher's name in messages.
    package var name: String {
        switch self {
        case .torchrun: "torchrun or PyTorchJob"
        case .moca: "moca launch"
        case .slurm: "srun"
        case .openMPI: "mpirun"
        case .pmi: "mpiexec"
        }
    }
}
