// The memory and disk use of a run, computed from shapes.
//
// Activations are what libtorch keeps for backward. The model's family counts the values per token
// and layer (`LayerSizes`), including four tensors of the feed-forward layer (4 I).

import Foundation
import MoCaModel
import MoCaObjectives
import NN
import Torch

/// The bytes that a run needs.
package struct MemoryEstimate: Sendable, Hashable, Codable {
    /// The size of one forward pass.
    package struct Pass: Sendable, Hashable, Codable {
        /// The number of tokens, including image tokens.
        package var tokens: Int
        package var patches: Int

        package init(tokens: Int, patches: Int) {
            (self.tokens, self.patches) = (tokens, patches)
        }
    }

    package var weights: Int
    package var gradients: Int
    /// The optimiser's moments, plus the float32 master weights and averages if there are any.
    package var moments: Int
    /// The part of `weights` that a checkpoint holds.
    package var savedWeights: Int
    /// The weights set aside while averages are scored in their place.
    package var weightsAside: Int
    /// A copy of weights and moments, which is written while training continues.
    package var checkpointCopy: Int
    /// The activations; nil if the tokens of a pass are not known.
    package var activations: Int?
    /// The patches of the steps prepared ahead, and the cached images.
    package var data: Int
    /// The buffers through which a rank exchanges gradients and weights; 0 for one process.
    package var exchangeBuffers = 0
    /// The program and its libraries.
    package var program = 220 << 20
    /// The accelerator memory of the program's kernels and workspaces: an assumption.
    private static let deviceProgram = 600 << 20
    /// Whether the model is on a device other than the CPU.
    package var isOnDevice = false

    /// The weights, their gradients and the optimiser's states.
    package var states: Int { weights + gradients + moments }

    private var model: Int { states + weightsAside + (activations ?? 0) + exchangeBuffers }

    /// The bytes of host memory.
    package var onHost: Int { checkpointCopy + data + program + (isOnDevice ? 0 : model) }
    /// The bytes of device memory; 0 if the model is on the CPU.
    package var onDevice: Int { isOnDevice ? model + Self.deviceProgram : 0 }

    /// Estimates the memory of a recipe's run.
    ///
    /// - Parameters:
    ///   - parameters: The number of parameters in the model.
    ///   - trained: The number of parameters that are trained.
    ///   - passes: The possible forward passes; the costliest counts.
    ///   - size: The bytes of a weight; nil uses the recipe's type.
    ///   - data: The bytes of prepared steps.
    init(
        _ recipe: Recipe, _ configuration: any BackboneConfiguration, parameters: Int, trained: Int,
        passes: [Pass], size: Int? = nil, data: Int = 0
    ) {
        self.data = data
        let size = size ?? recipe.runtime.dtype?.byteCount ?? 4
        let hasMasters = recipe.runtime.usesMasterWeights && size == 2
        let hasAverages = recipe.optimizer.adamW.averageDecay != nil
        let wide = MemoryLayout<Float>.size
        let isWide = recipe.runtime.widensGradients && size == 2
        (weights, gradients) = (parameters * size, trained * (isWide ? wide : size))
        moments =
            2 * trained * (hasMasters ? wide : size)
            + (hasMasters ? trained * wide : 0) + (hasAverages ? trained * wide : 0)
        weightsAside = hasAverages && recipe.evaluation != nil ? trained * size : 0
        // With adapters, the model itself is not saved.
        savedWeights = recipe.lora != nil || recipe.adapter != nil ? trained * size : weights
        checkpointCopy = recipe.checkpoint.isAsynchronous ? savedWeights + moments : 0
        activations = passes.map { Self.activations(recipe, configuration, $0, size: size) }.max()
    }

    /// The bytes of one checkpoint on disk.
    var checkpointOnDisk: Int { savedWeights + moments }

    private static func activations(
        _ recipe: Recipe, _ configuration: any BackboneConfiguration, _ pass: Pass, size: Int
    ) -> Int {
        let (text, vision) = (configuration.textLayers, configuration.visionLayers)
        let (ofLayer, ofBlock) = (text.keptCount, vision.keptCount)
        let decoder = recipe.stage == .pretrain ? 1 : 0
        var numbers: Int
        switch recipe.runtime.activationCheckpointing {
        case .full:
            // Inputs of layers, and all activations of one layer or block at a time.
            numbers = pass.tokens * (text.layerCount * text.width + (1 + decoder) * ofLayer)
            numbers += pass.patches * (vision.layerCount * vision.width + ofBlock)
        case .selective:
            // All but the feed-forward layers, and one of these at a time.
            let (wide, widePatch) = (4 * text.intermediateSize, 4 * vision.intermediateSize)
            numbers = pass.tokens * ((text.layerCount + decoder) * (ofLayer - wide) + wide)
            numbers += pass.patches * (vision.layerCount * (ofBlock - widePatch) + widePatch)
        case .none:
            numbers = pass.tokens * (text.layerCount + decoder) * ofLayer
            numbers += pass.patches * vision.layerCount * ofBlock
        }
        // Gradients of the feed-forward layer that backward is in.
        numbers += max(
            pass.tokens * (2 * text.intermediateSize + text.width),
            pass.patches * (2 * vision.intermediateSize + vision.width))
        numbers += pass.patches * configuration.inputRules.patch.valueCount
        return numbers * size + logits(recipe, configuration.vocabularySize, pass)
    }

    /// Returns the bytes of the logits, log-probabilities and gradients of one chunk of tokens.
    private static func logits(
        _ recipe: Recipe, _ vocabularySize: Int, _ pass: Pass
    ) -> Int {
        guard case .reconstruction(let settings) = recipe.objective else { return 0 }
        let masked = Double(pass.tokens) * settings.masking.mlmRatio
        let chunk = 128 << 20
        return 3 * min(chunk, Int(masked) * vocabularySize * MemoryLayout<Float>.size)
    }
}

/// The resources of this machine.
enum Machine {
    /// The bytes of memory that the process may use.
    static var memoryBytes: Int {
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        // A container may have less than its machine; `max` stands for no limit.
        let limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
            .compactMap { FileManager.default.contents(atPath: $0) }
            .compactMap {
                Int(
                    String(decoding: $0, as: UTF8.self)
                        .trimmingCharacters(in: .whitespacesAndNewlines))
            }
        return min(physical, limits.min() ?? physical)
    }

    /// Returns the bytes available below `folder`, which need not exist yet; nil if that is not
    /// known.
    static func freeDiskBytes(at folder: URL) -> Int? {
        var url = folder.standardizedFileURL
        while url.path != "/", !FileManager.default.fileExists(atPath: url.path) {
            url.deleteLastPathComponent()
        }
        var status = statvfs()
        guard statvfs(url.path, &status) == 0 else { return nil }
        return Int(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    }
}
