// What a run needs beside what this machine has, and the settings that need less.

import MoCaModel
import NN
import Torch

extension TrainingNeeds {
    /// Checks that the run fits on this machine.
    ///
    /// - Throws: `TrainingError.doesNotFit` if this machine has less than the run needs.
    package func check(_ recipe: Recipe) throws {
        guard let problem = problem(recipe) else { return }
        throw problem
    }

    /// The bytes of memory of all processes on this host, of which rank 0 is one.
    var bytesOnHost: Int {
        memory.onHost + (rankCountOnHost - 1) * (otherMemory?.onHost ?? 0)
    }

    /// Returns the error for the resource that is too small; nil if the run fits.
    func problem(_ recipe: Recipe) -> TrainingError? {
        let loose = isActivationBoundLoose ? memory.activations ?? 0 : 0
        if let limit = deviceMemoryLimit, memory.onDevice - loose > limit {
            return .doesNotFit(
                what: "device memory", needed: memory.onDevice - loose, available: limit,
                remedies: modelRemedies(recipe) + processRemedies + ["a smaller model"])
        }
        let onHost = bytesOnHost - (memory.isOnDevice ? 0 : loose * rankCountOnHost)
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

    /// The smallest number of processes, above the present one, whose devices are large enough if
    /// ZeRO divides the optimiser's states among them; empty if the plan knows none.
    private var processRemedies: [String] {
        guard let limit = deviceMemoryLimit,
            let found = rankTable.first(where: {
                $0.count > rankCount && $0.zeroStage == 1 && $0.bytes <= limit
            })
        else { return [] }
        return ["\(found.count) processes with runtime.zero_stage: 1"]
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
        if rankCount > 1, recipe.runtime.sharding == .none {
            remedies.append("runtime.zero_stage: 1")
        }
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
