// The memory and disk use of a run, compared with the resources of this machine.

import Foundation
import MoCaCore
import MoCaModel
import NN
import Safetensors
import Torch

/// The needs of a recipe, derived from its model's shapes and the sizes of its records.
package struct TrainingNeeds: Sendable, Hashable, Codable {
    package var parameters: Int
    /// The number of parameters that are trained.
    package var trainedParameters: Int
    /// The memory of rank 0 at the largest pass that the recipe and data allow, as far as known.
    package var memory: MemoryEstimate
    /// The memory of each of the other processes; nil for a run of one.
    package var otherMemory: MemoryEstimate?
    /// The number of processes.
    package var rankCount: Int
    /// The number of processes on this host.
    package var rankCountOnHost: Int
    /// The memory of a process for several numbers of them.
    package var rankTable: [RankNeeds]
    /// The bytes of memory of this machine.
    package var memoryLimit: Int
    /// The free bytes on the model's device; nil for a CPU, or if the device does not report them.
    package var deviceMemoryLimit: Int?
    /// The bytes of the checkpoints on disk at once, including one in progress, of the final models
    /// and of the dumps of non-finite steps.
    package var diskBytes: Int
    /// The bytes of checkpoints that are already in the run folder.
    package var diskPresent: Int
    /// The bytes available to the run folder; nil if that is not known.
    package var diskFree: Int?
    /// Whether only a limit of the recipe bounds a pass. Real batches stay far below such a bound,
    /// so it is not a reason to refuse a run.
    var isActivationBoundLoose: Bool
    /// The resolved type of weights.
    var dtype: DType

    /// Reads the model's configuration, and the sizes of the files in the run folder.
    ///
    /// - Parameters:
    ///   - costs: The costs of the fine-tuning records; nil if no data is read.
    ///   - ranks: The processes of the run.
    /// - Throws: `ModelError`, `SafetensorsError`, `TrainingError.unreadableFile`.
    package init(
        _ recipe: Recipe, _ costs: DataCosts? = nil, ranks: RankLayout = RankLayout()
    ) throws {
        let folder = recipe.model.folder
        var stored: SafetensorsCheckpoint?
        var names: [String: String] = [:]
        if case .path = recipe.model {
            let checkpoint = try SafetensorsCheckpoint(opening: folder)
            (stored, names) = (checkpoint, try CheckpointKeys.table(of: checkpoint.names))
        }
        let configuration = try PretrainedModel.configuration(
            of: folder, names: names, in: stored)
        let purpose: CheckpointRules.Purpose =
            recipe.stage == .pretrain ? .pretraining : .embedding
        try configuration.requireSupport(of: purpose, folder: folder)
        let declared = PretrainedModel.declarations(configuration, purpose: purpose)
        let adapters = try recipe.adapterCounts(declared)
        parameters = declared.reduce(adapters?.added ?? 0) { $0 + $1.count }
        let trained = declared.filter { item in
            !recipe.frozen.contains { $0.isFound(in: item.key) }
        }
        trainedParameters =
            adapters.map { $0.added + $0.whole } ?? trained.reduce(0) { $0 + $1.count }
        // The memory of an unavailable device is unknown.
        let device = ranks.device ?? recipe.runtime.chosenDevice
        let isOnDevice = device.kind != .cpu
        let type =
            recipe.runtime.dtype
            ?? (isOnDevice ? DType(rawValue: configuration.storageType) : nil) ?? .float32
        dtype = type
        let estimate = RankedEstimate(
            recipe: recipe, configuration: configuration, costs: costs, parameters: parameters,
            trained: trainedParameters,
            largest: adapters?.largest ?? trained.map(\.count).max() ?? 0, dtype: type,
            isOnDevice: isOnDevice)
        let sharding = recipe.runtime.sharding
        memory = estimate.memory(of: ranks.count, sharding: sharding)
        otherMemory =
            ranks.count > 1
            ? estimate.memory(of: ranks.count, sharding: sharding, isFirst: false) : nil
        (rankCount, rankCountOnHost) = (ranks.count, ranks.countOnHost)
        rankTable = estimate.table
        let whole = estimate.memory(of: 1, sharding: .none)
        isActivationBoundLoose = recipe.stage == .finetune && costs == nil
        memoryLimit = Machine.memoryBytes
        let isThere = device.kind != .cuda || LibTorch.isCUDAAvailable
        deviceMemoryLimit = isThere ? DeviceMemory(of: device)?.freeBytes : nil
        let known = Set(declared.map(\.key))
        let carried = try names.filter { key, _ in
            !known.contains(key)
                && CheckpointKeys.isCarried(key, isTied: configuration.isTied)
        }.reduce(0) { sum, item in
            sum + (try stored?.entry(item.value).shape.reduce(1, *) ?? 0)
        }
        diskBytes =
            recipe.checkpointCountMax * whole.checkpointOnDisk
            + recipe.modelCount * (whole.weights + carried * type.byteCount)
            + (adapters == nil ? 0 : whole.savedWeights)
            + recipe.failedStepCountMax * whole.weights
        diskPresent = try recipe.presentCheckpointBytes()
        diskFree = Machine.freeDiskBytes(at: recipe.outputFolder)
    }
}

extension Recipe {
    /// Returns the number of parameters that adapters add, and that of the modules trained whole
    /// beside them with the largest one's; nil without adapters.
    ///
    /// - Throws: `SafetensorsError`.
    fileprivate func adapterCounts(
        _ declared: [ParameterDeclaration]
    ) throws -> (added: Int, whole: Int, largest: Int)? {
        guard lora != nil || adapter != nil else { return nil }
        var heads = AdapterSettings(targets: .suffixes([]))
        heads.wholeModules = stage == .pretrain ? TrainingSetup.wholeModules : []
        let counts = declared.filter { heads.isWhole($0.key) }.map(\.count)
        let (whole, largest) = (counts.reduce(0, +), counts.max() ?? 0)
        if let adapter {
            let file = try SafetensorsFile(
                mapping: adapter.appending(path: AdapterFiles.weightsName))
            var (added, others) = (0, 0)
            for (name, entry) in file.entries {
                let count = entry.shape.reduce(1, *)
                if name.contains(".lora_") { added += count } else { others += count }
            }
            return (added, max(whole, others), largest)
        }
        let added = declared.reduce(0) { count, item in
            guard let lora, item.key.hasSuffix(".weight"), item.shape.count == 2,
                !heads.isWhole(item.key),
                lora.targets.contain(String(item.key.dropLast(".weight".count)))
            else { return count }
            let (outputs, inputs) = (item.shape[0], item.shape[1])
            return count + lora.rank * (inputs + outputs) + (lora.usesMagnitude ? outputs : 0)
        }
        return (added, whole, largest)
    }

    /// The maximum number of checkpoints on disk at once.
    fileprivate var checkpointCountMax: Int {
        let saved = (schedule.totalSteps + checkpoint.everySteps - 1) / checkpoint.everySteps
        let round = checkpoint.keepEverySteps.map { schedule.totalSteps / $0 } ?? 0
        // One is written before the oldest is removed.
        let kept = checkpoint.keep + 1 + round + (checkpoint.bestMetric == nil ? 0 : 1)
        return min(saved, kept)
    }

    /// The number of final models: `model/`, and `model-raw/` with averaged weights.
    fileprivate var modelCount: Int { optimizer.adamW.averageDecay == nil ? 1 : 2 }

    /// The maximum number of non-finite steps that are dumped with their weights.
    fileprivate var failedStepCountMax: Int {
        guard runtime.onNotFinite == .skip else { return 1 }
        return min(FailureDump.keptCount, runtime.notFiniteBudget) + 1
    }

    /// Returns the bytes of the checkpoints in the run folder that this run's checkpoints replace.
    ///
    /// - Throws: `TrainingError.unreadableFile`.
    fileprivate func presentCheckpointBytes() throws -> Int {
        // Checkpoints of an abandoned branch are renamed, and stay.
        if case .from = resume { return 0 }
        return try Checkpoint.folders(in: outputFolder).reduce(0) { $0 + (try $1.byteCount()) }
    }
}
