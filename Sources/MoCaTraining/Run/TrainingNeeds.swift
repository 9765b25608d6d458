// What a run takes of memory and disk, beside what this machine has.

import Foundation
import MoCaModel
import NN
import Safetensors
import Torch

/// The needs of a recipe, known from its model's shapes: no data is read.
package struct TrainingNeeds: Sendable, Hashable, Codable {
    package var parameters: Int
    /// Of them, those that are trained.
    package var trainedParameters: Int
    /// At the largest pass that the recipe allows, where it says one.
    package var memory: MemoryEstimate
    /// Bytes of memory of this machine.
    package var memoryLimit: Int
    /// Checkpoints that are on the disk at once, one of them half written, and the final model.
    package var diskBytes: Int
    /// Bytes that can be written to the run folder; nil where that is not known.
    package var diskFree: Int?

    /// Reads the model's configuration.
    ///
    /// - Throws: `ModelError`, `SafetensorsError`.
    package init(_ recipe: Recipe) throws {
        let folder = recipe.model.folder
        var names: [String: String] = [:]
        if case .path = recipe.model {
            names = try CheckpointKeys.table(of: SafetensorsCheckpoint(opening: folder).names)
        }
        let configuration = try PretrainedModel.configuration(of: folder, names: names)
        let declared = PretrainedModel.declarations(
            configuration, purpose: recipe.stage == .pretraining ? .pretraining : .embedding)
        let adapters = try recipe.adapterParameterCount(declared)
        parameters = declared.reduce(adapters ?? 0) { $0 + $1.count }
        trainedParameters =
            adapters
            ?? declared.filter { item in
                !recipe.frozen.contains { $0.isFound(in: item.key) }
            }.reduce(0) { $0 + $1.count }
        memory = MemoryEstimate(
            recipe, configuration, parameters: parameters, trained: trainedParameters,
            passes: recipe.largestPasses(configuration))
        memoryLimit = Machine.memoryBytes
        diskBytes = recipe.checkpointCountMax * memory.checkpointOnDisk + memory.weights
        diskFree = Machine.freeDiskBytes(at: recipe.outputFolder)
    }

    /// Lines for people.
    var lines: [String] {
        let trained =
            trainedParameters == parameters ? "all of them trained" : "\(trainedParameters) trained"
        return ["parameters: \(parameters), \(trained)"] + memoryLines + [
            "disk: \(Self.gigabytes(diskBytes)) for checkpoints and the model"
                + (diskFree.map { ", \(Self.gigabytes($0)) free" } ?? "")
        ]
    }

    private var memoryLines: [String] {
        let bytes = { (value: Int) in Self.gigabytes(value) }
        let activations =
            memory.activations.map { "\(bytes($0)) of activations at most" }
            ?? "activations that depend on the data (no data.max_length)"
        return [
            "memory: \(bytes(memory.total)) of \(bytes(memoryLimit)): "
                + "\(bytes(memory.weights)) of weights, \(bytes(memory.gradients)) of gradients, "
                + "\(bytes(memory.moments)) of moments, \(activations), "
                + "\(bytes(memory.checkpointCopy)) while a checkpoint is written, "
                + "\(bytes(memory.program)) of program"
        ]
    }

    static func gigabytes(_ bytes: Int) -> String {
        "\(StepReport.decimals(Double(bytes) / 1e9, 3)) GB"
    }

    // MARK: What cannot be

    /// - Throws: `TrainingError.doesNotFit` when this machine has less than the run needs.
    package func check(_ recipe: Recipe) throws {
        guard let problem = problem(recipe) else { return }
        throw problem
    }

    /// What the machine has too little of; nil when the run fits.
    func problem(_ recipe: Recipe) -> TrainingError? {
        // What another device has is not known here.
        let isCPU = recipe.runtime.device.map { $0.kind == .cpu } ?? !LibTorch.isCUDAAvailable
        let needed = memory.total - (isBound(recipe) ? memory.activations ?? 0 : 0)
        if isCPU, needed > memoryLimit {
            return .doesNotFit(
                what: "memory", needed: needed, available: memoryLimit,
                remedies: memoryRemedies(recipe))
        }
        guard let diskFree, diskBytes > diskFree else { return nil }
        var remedies = ["an output_dir on another disk", "a lower checkpoint.keep"]
        if recipe.checkpoint.keepEverySteps != nil {
            remedies.append("a larger checkpoint.keep_every_steps")
        }
        return .doesNotFit(
            what: "disk", needed: diskBytes, available: diskFree, remedies: remedies)
    }

    /// Whether the activations are those of records that are all as long as they may be: a bound
    /// that real batches stay far below, and no reason to refuse a run.
    private func isBound(_ recipe: Recipe) -> Bool { recipe.stage == .contrastive }

    private func memoryRemedies(_ recipe: Recipe) -> [String] {
        var remedies: [String] = []
        if !isBound(recipe), let activations = memory.activations, activations > memory.total / 4 {
            remedies.append("smaller batch.tokens or a larger batch.accumulation")
            if recipe.runtime.activationCheckpointing != .full {
                remedies.append("runtime.activation_checkpointing: full")
            }
        }
        if memory.checkpointCopy > 0 { remedies.append("checkpoint.asynchronous: false") }
        if recipe.runtime.dtype == nil || recipe.runtime.dtype == .float32 {
            remedies.append("runtime.dtype: bfloat16")
        }
        if trainedParameters == parameters, case .path = recipe.model {
            remedies.append("lora: {rank: 16, target_modules: [q_proj, v_proj]}")
        }
        return remedies + ["a smaller model"]
    }
}

extension Recipe {
    /// Numbers that adapters have, and what is trained whole beside them; nil without adapters.
    ///
    /// - Throws: `SafetensorsError`.
    fileprivate func adapterParameterCount(_ declared: [ParameterDeclaration]) throws -> Int? {
        if let adapter {
            let file = try SafetensorsFile(
                mapping: adapter.appending(path: AdapterFiles.weightsName))
            return file.entries.values.reduce(0) { $0 + $1.shape.reduce(1, *) }
        }
        guard let lora else { return nil }
        return declared.reduce(0) { count, item in
            guard item.key.hasSuffix(".weight"), item.shape.count == 2,
                lora.targets.contain(String(item.key.dropLast(".weight".count)))
            else { return count }
            let (outputs, inputs) = (item.shape[0], item.shape[1])
            return count + lora.rank * (inputs + outputs) + (lora.usesMagnitude ? outputs : 0)
        }
    }

    /// Checkpoints that are on the disk at once.
    fileprivate var checkpointCountMax: Int {
        let saved = (schedule.totalSteps + checkpoint.everySteps - 1) / checkpoint.everySteps
        let round = checkpoint.keepEverySteps.map { schedule.totalSteps / $0 } ?? 0
        // One is written before the oldest goes.
        let kept = checkpoint.keep + 1 + round + (checkpoint.bestMetric == nil ? 0 : 1)
        return min(saved, kept)
    }
}
