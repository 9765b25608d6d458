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
    /// The memory at the largest pass that the recipe and data allow, as far as known.
    package var memory: MemoryEstimate
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
    private var isActivationBoundLoose: Bool
    /// The resolved type of weights.
    private var dtype: DType

    /// Reads the model's configuration, and the sizes of the files in the run folder.
    ///
    /// - Parameter costs: The costs of the fine-tuning records; nil if no data is read.
    /// - Throws: `ModelError`, `SafetensorsError`, `TrainingError.unreadableFile`.
    package init(_ recipe: Recipe, _ costs: DataCosts? = nil) throws {
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
        trainedParameters =
            adapters.map { $0.added + $0.whole }
            ?? declared.filter { item in
                !recipe.frozen.contains { $0.isFound(in: item.key) }
            }.reduce(0) { $0 + $1.count }
        // The memory of an unavailable device is unknown.
        let device = recipe.runtime.chosenDevice
        let isOnDevice = device.kind != .cpu
        let type =
            recipe.runtime.dtype
            ?? (isOnDevice ? DType(rawValue: configuration.storageType) : nil) ?? .float32
        dtype = type
        memory = MemoryEstimate(
            recipe, configuration, parameters: parameters, trained: trainedParameters,
            passes: recipe.largestPasses(configuration, costs), size: type.byteCount,
            data: recipe.preparedBytes(configuration, costs))
        memory.isOnDevice = isOnDevice
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
            recipe.checkpointCountMax * memory.checkpointOnDisk
            + recipe.modelCount * (memory.weights + carried * type.byteCount)
            + (adapters == nil ? 0 : memory.savedWeights)
            + recipe.failedStepCountMax * memory.weights
        diskPresent = try recipe.presentCheckpointBytes()
        diskFree = Machine.freeDiskBytes(at: recipe.outputFolder)
    }

    /// Messages for users.
    var lines: [String] {
        let trained =
            trainedParameters == parameters ? "all of them trained" : "\(trainedParameters) trained"
        let present = diskPresent > 0 ? ", \(Self.gigabytes(diskPresent)) of it there already" : ""
        return ["parameters: \(parameters), \(trained)"] + memoryLines + [
            "disk: \(Self.gigabytes(diskBytes)) for checkpoints and the model" + present
                + (diskFree.map { ", \(Self.gigabytes($0)) free" } ?? "")
        ]
    }

    private var memoryLines: [String] {
        let bytes = { (value: Int) in Self.gigabytes(value) }
        let activations =
            memory.activations.map { "\(bytes($0)) of activations at most" }
            ?? "activations that depend on the data"
        let aside =
            memory.weightsAside > 0
            ? "\(bytes(memory.weightsAside)) of weights while averages are scored, " : ""
        let model =
            "\(bytes(memory.weights)) of weights, \(bytes(memory.gradients)) of gradients, "
            + "\(bytes(memory.moments)) of moments, \(aside)\(activations)"
        let rest =
            "\(bytes(memory.checkpointCopy)) while a checkpoint is written, "
            + "\(bytes(memory.data)) of prepared data, \(bytes(memory.program)) of program"
        guard memory.isOnDevice else {
            return ["memory: \(bytes(memory.onHost)) of \(bytes(memoryLimit)): \(model), \(rest)"]
        }
        let limit = deviceMemoryLimit.map { " of \(bytes($0)) free" } ?? ""
        return [
            "device memory: \(bytes(memory.onDevice))\(limit): \(model)",
            "memory: \(bytes(memory.onHost)) of \(bytes(memoryLimit)): \(rest)",
        ]
    }

    static func gigabytes(_ bytes: Int) -> String {
        "\(NumberText.decimal(Double(bytes) / 1e9, digits: 3)) GB"
    }

    // MARK: What cannot be

    /// Checks that the run fits on this machine.
    ///
    /// - Throws: `TrainingError.doesNotFit` if this machine has less than the run needs.
    package func check(_ recipe: Recipe) throws {
        guard let problem = problem(recipe) else { return }
        throw problem
    }

    /// Returns the error for the resource that is too small; nil if the run fits.
    func problem(_ recipe: Recipe) -> TrainingError? {
        let loose = isActivationBoundLoose ? memory.activations ?? 0 : 0
        if let limit = deviceMemoryLimit, memory.onDevice - loose > limit {
            return .doesNotFit(
                what: "device memory", needed: memory.onDevice - loose, available: limit,
                remedies: modelRemedies(recipe) + ["a smaller model"])
        }
        let onHost = memory.onHost - (memory.isOnDevice ? 0 : loose)
        if onHost > memoryLimit {
            return .doesNotFit(
                what: "memory", needed: onHost, available: memoryLimit,
                remedies: hostRemedies(recipe))
        }
        guard let diskFree, diskBytes - diskPresent > diskFree else { return nil }
        var remedies = ["an output_dir on another disk", "a lower checkpoint.keep"]
        if recipe.checkpoint.keepEverySteps != nil {
            remedies.append("a larger checkpoint.keep_every_steps")
        }
        return .doesNotFit(
            what: "disk", needed: diskBytes - diskPresent, available: diskFree, remedies: remedies)
    }

    private func hostRemedies(_ recipe: Recipe) -> [String] {
        var remedies = memory.isOnDevice ? [] : modelRemedies(recipe)
        if memory.data > memory.onHost / 4 {
            remedies += ["a smaller runtime.prefetch", "a smaller data.max_pixels"]
        }
        if memory.checkpointCopy > 0 { remedies.append("checkpoint.asynchronous: false") }
        return remedies + (memory.isOnDevice ? [] : ["a smaller model"])
    }

    /// Returns the settings that reduce the model's memory, most effective first.
    func modelRemedies(_ recipe: Recipe) -> [String] {
        var remedies: [String] = []
        let known = isActivationBoundLoose ? 0 : memory.activations ?? 0
        if known > (memory.onHost + memory.onDevice) / 4 { remedies += recipe.activationRemedies }
        remedies += weightRemedies(recipe)
        if recipe.runtime.widensGradients, dtype.byteCount == 2 {
            remedies.append("runtime.float32_gradients: false")
        }
        return remedies
    }

    /// Returns the settings that reduce the memory of weights and moments during loading.
    func loadingRemedies(_ recipe: Recipe) -> [String] {
        weightRemedies(recipe) + ["a smaller model"]
    }

    private func weightRemedies(_ recipe: Recipe) -> [String] {
        var remedies = dtype == .float32 ? ["runtime.dtype: bfloat16"] : []
        if trainedParameters == parameters, case .path = recipe.model {
            remedies.append("lora: {rank: 16, target_modules: [q_proj, v_proj]}")
        }
        return remedies
    }
}

extension Recipe {
    /// The settings that reduce the memory of a step.
    var activationRemedies: [String] {
        var remedies: [String] = []
        switch stage {
        case .pretrain: remedies.append("smaller batch.tokens or a larger batch.accumulation")
        case .finetune where batch.miniBatchTokens == nil:
            remedies.append("batch.mini_batch_tokens: 4096")
        case .finetune: remedies.append("a smaller batch.mini_batch_tokens")
        }
        if runtime.activationCheckpointing != .full {
            remedies.append("runtime.activation_checkpointing: full")
        }
        return remedies + ["a smaller data.max_pixels"]
    }
}

extension Recipe {
    /// Returns the number of parameters that adapters add, and that of the modules trained whole
    /// beside them; nil without adapters.
    ///
    /// - Throws: `SafetensorsError`.
    fileprivate func adapterCounts(
        _ declared: [ParameterDeclaration]
    ) throws -> (added: Int, whole: Int)? {
        guard lora != nil || adapter != nil else { return nil }
        var heads = AdapterSettings(targets: .suffixes([]))
        heads.wholeModules = stage == .pretrain ? TrainingSetup.wholeModules : []
        let whole = declared.filter { heads.isWhole($0.key) }.reduce(0) { $0 + $1.count }
        if let adapter {
            let file = try SafetensorsFile(
                mapping: adapter.appending(path: AdapterFiles.weightsName))
            var (added, others) = (0, 0)
            for (name, entry) in file.entries {
                let count = entry.shape.reduce(1, *)
                if name.contains(".lora_") { added += count } else { others += count }
            }
            return (added, max(whole, others))
        }
        let added = declared.reduce(0) { count, item in
            guard let lora, item.key.hasSuffix(".weight"), item.shape.count == 2,
                !heads.isWhole(item.key),
                lora.targets.contain(String(item.key.dropLast(".weight".count)))
            else { return count }
            let (outputs, inputs) = (item.shape[0], item.shape[1])
            return count + lora.rank * (inputs + outputs) + (lora.usesMagnitude ? outputs : 0)
        }
        return (added, whole)
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
