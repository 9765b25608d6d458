// The memory of each process of a run, for any number of processes and either stage of ZeRO.

import MoCaModel
package import MoCaRanks
import NN
package import Torch

/// The processes that a run is divided among.
package struct RankLayout: Sendable, Hashable {
    /// The number of processes.
    package var count = 1
    /// The number of processes on this host.
    package var countOnHost = 1
    /// The device of this process; nil for the recipe's.
    package var device: Device?

    /// One process.
    package init() {}

    /// The processes that a launcher has started; nil stands for one process.
    package init(_ environment: RankEnvironment?) {
        count = environment?.worldSize ?? 1
        // If the launcher does not say, no other process is known to share the host's memory.
        countOnHost = environment?.localWorldSize ?? 1
    }

    /// The processes that have joined; nil stands for one process.
    init(_ team: RankTeam?) {
        guard let team else { return }
        (count, countOnHost, device) = (team.worldSize, team.localWorldSize, team.group.device)
    }
}

/// The memory of a process in a run of some number of them.
package struct RankNeeds: Sendable, Hashable, Codable {
    /// The number of processes.
    package var count: Int
    /// The stage of ZeRO: 1 divides the optimiser's states among the processes.
    package var zeroStage: Int
    /// The bytes of weights, gradients, masters, moments and averages.
    package var states: Int
    /// All bytes of the device, or of the host if the model is there.
    package var bytes: Int
}

extension MemoryEstimate {
    /// Returns the memory of one of `count` processes, whose passes and data these are already.
    ///
    /// Weights and gradients are whole on each. ZeRO-1 divides masters, moments and averages
    /// (arXiv 1910.02054, `P_os`), and so the copies of them that a checkpoint takes.
    ///
    /// - Parameters:
    ///   - buffers: The bytes through which gradients and weights are exchanged.
    ///   - isFirst: Whether the process is rank 0, which saves the weights.
    func divided(
        among count: Int, sharding: RankedAdamW.Sharding, buffers: Int = 0, isFirst: Bool = true
    ) -> MemoryEstimate {
        guard count > 1 else { return self }
        var share = self
        share.exchangeBuffers = buffers
        let isSharded = sharding == .states
        if isSharded {
            share.moments = (moments + count - 1) / count
            share.weightsAside = (weightsAside + count - 1) / count
        }
        guard checkpointCopy > 0 else { return share }
        share.checkpointCopy =
            (isFirst ? savedWeights : 0) + (isFirst || isSharded ? share.moments : 0)
        return share
    }
}

/// The model, recipe and data from which the memory of a process is estimated.
struct RankedEstimate {
    let recipe: Recipe
    let configuration: any BackboneConfiguration
    let costs: DataCosts?
    let parameters: Int
    let trained: Int
    /// The number of elements of the largest parameter that is trained.
    let largest: Int
    /// The type of weights.
    let dtype: DType
    let isOnDevice: Bool

    /// The numbers of processes in the plan's table.
    static let counts = [1, 2, 4, 8, 16]

    /// Returns the memory of one of `count` processes.
    func memory(
        of count: Int, sharding: RankedAdamW.Sharding, isFirst: Bool = true
    ) -> MemoryEstimate {
        var memory = MemoryEstimate(
            recipe, configuration, parameters: parameters, trained: trained,
            passes: recipe.largestPasses(configuration, costs, ranks: count),
            size: dtype.byteCount,
            data: recipe.preparedBytes(configuration, costs, ranks: count))
        memory.isOnDevice = isOnDevice
        // A parameter that is larger than a bucket is a bucket of its own.
        let elements = max(min(trained, RankedAdamW.bucketCount), largest)
        let gradientSize = memory.gradients / max(1, trained)
        return memory.divided(
            among: count, sharding: sharding, buffers: elements * gradientSize, isFirst: isFirst)
    }

    /// The memory of rank 0 for each number of processes and each stage of ZeRO.
    var table: [RankNeeds] {
        Self.counts.flatMap { count in
            RankedAdamW.Sharding.allCases.map { sharding in
                let memory = memory(of: count, sharding: sharding)
                return RankNeeds(
                    count: count, zeroStage: sharding.rawValue, states: memory.states,
                    bytes: isOnDevice ? memory.onDevice : memory.onHost)
            }
        }
    }
}
