// The variables in which each launcher passes rank and number of processes.

/// The rank and the counts of a process, without the address at which the processes meet.
struct RankPlace {
    var launcher: RankEnvironment.Launcher
    var rank: Int
    var worldSize: Int
    var localRank: Int?
    var localWorldSize: Int?

    /// Reads the variables of the first launcher that is present.
    ///
    /// - Returns: nil if no launcher is present, or if it started one process only.
    static func read(_ variables: [String: String]) throws(RankEnvironmentError) -> RankPlace? {
        guard let names = RankVariables.present(in: variables) else { return nil }
        let worldSize = try variables.number(names.worldSize, in: 1...1_000_000)
        let rank = try variables.number(names.rank, in: RankEnvironment.counts)
        if worldSize == 1, rank == nil { return nil }
        guard let rank, let worldSize else {
            let (missing, present) =
                rank == nil ? (names.rank, names.worldSize) : (names.worldSize, names.rank)
            throw .incomplete(missing: missing[0], present: variables.assignment(present))
        }
        try requireProcess(variables, names.launcher)
        guard rank < worldSize else {
            throw .rankOutOfRange(
                rank: variables.assignment(names.rank),
                worldSize: variables.assignment(names.worldSize), largest: worldSize - 1)
        }
        guard worldSize > 1 else { return nil }
        let localWorldSize = try variables.number(names.localWorldSize, in: 1...1_000_000)
        let localRank = try variables.number(names.localRank, in: RankEnvironment.counts)
        if let localRank, let localWorldSize, localRank >= localWorldSize {
            throw .rankOutOfRange(
                rank: variables.assignment(names.localRank),
                worldSize: variables.assignment(names.localWorldSize), largest: localWorldSize - 1)
        }
        return RankPlace(
            launcher: names.launcher, rank: rank, worldSize: worldSize, localRank: localRank,
            localWorldSize: localWorldSize)
    }

    /// Requires that `RANK` counts processes.
    ///
    /// A PyTorchJob with `nprocPerNode` sets `RANK` to the number of the pod, for a torchrun inside
    /// of it, and `WORLD_SIZE` to the number of processes of all pods; torchrun then sets both
    /// again, and `LOCAL_RANK`.
    private static func requireProcess(
        _ variables: [String: String], _ launcher: RankEnvironment.Launcher
    ) throws(RankEnvironmentError) {
        guard launcher == .torchrun, variables.text("LOCAL_RANK") == nil,
            let count = variables.text("PET_NPROC_PER_NODE"), count != "1"
        else { return }
        throw .rankOfPod(processesPerPod: count)
    }
}

/// The names under which a launcher passes ranks and counts; the first that is set is read.
private struct RankVariables {
    var launcher: RankEnvironment.Launcher
    var rank: [String]
    var worldSize: [String]
    var localRank: [String]
    var localWorldSize: [String]

    private static let torchrun = RankVariables(
        launcher: .torchrun, rank: ["RANK"], worldSize: ["WORLD_SIZE"], localRank: ["LOCAL_RANK"],
        localWorldSize: ["LOCAL_WORLD_SIZE"])
    private static let openMPI = RankVariables(
        launcher: .openMPI, rank: ["OMPI_COMM_WORLD_RANK", "PMIX_RANK"],
        worldSize: ["OMPI_COMM_WORLD_SIZE"], localRank: ["OMPI_COMM_WORLD_LOCAL_RANK"],
        localWorldSize: ["OMPI_COMM_WORLD_LOCAL_SIZE"])
    private static let pmi = RankVariables(
        launcher: .pmi, rank: ["PMI_RANK"], worldSize: ["PMI_SIZE"],
        localRank: ["MPI_LOCALRANKID", "PMI_LOCAL_RANK"],
        localWorldSize: ["MPI_LOCALNRANKS", "PMI_LOCAL_SIZE"])
    private static let slurm = RankVariables(
        launcher: .slurm, rank: ["SLURM_PROCID"], worldSize: slurmWorldSize,
        localRank: ["SLURM_LOCALID"], localWorldSize: [])
    // A step may have fewer tasks than its allocation.
    private static let slurmWorldSize = ["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS", "SLURM_NPROCS"]

    /// The variables of the launcher that started the process.
    static func present(in variables: [String: String]) -> RankVariables? {
        if variables.text("RANK") != nil || variables.text("WORLD_SIZE") != nil {
            var names = torchrun
            if variables.text(LauncherWatch.launcherVariable) != nil { names.launcher = .moca }
            return names
        }
        if variables.text(openMPI.worldSize) != nil { return openMPI }
        let isTask = isTaskOfStep(variables)
        if variables.text(pmi.rank) != nil, variables.text(pmi.worldSize) != nil {
            // srun sets the variables of PMI too; if both agree, srun's say more.
            let agrees =
                variables.text(pmi.rank) == variables.text(slurm.rank)
                && variables.text(pmi.worldSize) == variables.text(slurm.worldSize)
            return isTask && agrees ? slurm : pmi
        }
        return isTask ? slurm : nil
    }

    /// Whether the process is a task of a step that srun made.
    ///
    /// The shell of an interactive allocation may be a step of its own, whose number is one of the
    /// few largest of 32 bits, or negative (`SLURM_INTERACTIVE_STEP` of slurm.h).
    private static func isTaskOfStep(_ variables: [String: String]) -> Bool {
        guard let text = variables.text(["SLURM_STEP_ID", "SLURM_STEPID"]), let step = Int(text)
        else { return false }
        return (0..<0xffff_fff0).contains(step)
    }
}

extension [String: String] {
    /// The value of a variable; nil if it is missing or empty.
    func text(_ name: String) -> String? {
        guard let text = self[name], !text.isEmpty else { return nil }
        return text
    }

    /// The value of the first variable that is set.
    fileprivate func text(_ names: [String]) -> String? {
        names.lazy.compactMap { text($0) }.first
    }

    /// The first variable that is set, as `NAME=value`.
    fileprivate func assignment(_ names: [String]) -> String {
        names.first { text($0) != nil }.map { "\($0)=\(self[$0] ?? "")" } ?? names.joined()
    }

    /// The number that a variable holds; nil if it is not set.
    func number(
        _ name: String, in range: ClosedRange<Int>
    ) throws(RankEnvironmentError) -> Int? {
        guard let text = text(name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw .notANumber(variable: name, value: text, range: range)
        }
        return number
    }

    /// The number in the first variable that is set.
    fileprivate func number(
        _ names: [String], in range: ClosedRange<Int>
    ) throws(RankEnvironmentError) -> Int? {
        guard let name = names.first(where: { text($0) != nil }) else { return nil }
        return try number(name, in: range)
    }
}
