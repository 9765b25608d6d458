// What a run takes of memory and disk, counted from shapes.
//
// Activations are what libtorch keeps for backward. The model's family counts the numbers of a token
// and layer (`LayerSizes`), four tensors of the feed-forward layer (4 I) among them.

import Foundation
import MoCaModel
import MoCaObjectives
import NN
import Torch

/// Bytes that a run needs.
package struct MemoryEstimate: Sendable, Hashable, Codable {
    /// What one forward pass takes.
    package struct Pass: Sendable, Hashable, Codable {
        /// Tokens, image tokens included.
        package var tokens: Int
        package var patches: Int

        package init(tokens: Int, patches: Int) {
            (self.tokens, self.patches) = (tokens, patches)
        }
    }

    package var weights: Int
    package var gradients: Int
    /// Moments, and where there are such float32 master weights and averages.
    package var moments: Int
    /// Of `weights`, what a checkpoint holds.
    package var savedWeights: Int
    /// Weights that are set aside while averages are scored in their place.
    package var weightsAside: Int
    /// A copy of weights and moments, which is written while training goes on.
    package var checkpointCopy: Int
    /// nil where the tokens of a pass are not known.
    package var activations: Int?
    /// Patches of the steps that are prepared ahead, and pictures that are kept.
    package var data: Int
    /// The program and its libraries.
    package var program = 220 << 20
    /// What the program takes of an accelerator, for kernels and workspaces: an assumption.
    private static let deviceProgram = 600 << 20
    /// Whether the model is on another device than the processor.
    package var isOnDevice = false

    private var model: Int {
        weights + gradients + moments + weightsAside + (activations ?? 0)
    }

    /// Bytes of the processor's memory.
    package var onHost: Int { checkpointCopy + data + program + (isOnDevice ? 0 : model) }
    /// Bytes of the device's; 0 where the model is on the processor.
    package var onDevice: Int { isOnDevice ? model + Self.deviceProgram : 0 }

    /// - Parameters:
    ///   - parameters: numbers in the model, and those of them that are trained.
    ///   - passes: what a pass may take; the costliest counts.
    ///   - size: bytes of a weight; nil: those of the recipe's type.
    ///   - data: bytes of prepared steps.
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
        // Of adapters, the model is not saved.
        savedWeights = recipe.lora != nil || recipe.adapter != nil ? trained * size : weights
        checkpointCopy = recipe.checkpoint.isAsynchronous ? savedWeights + moments : 0
        activations = passes.map { Self.activations(recipe, configuration, $0, size: size) }.max()
    }

    /// Bytes of one checkpoint on the disk.
    var checkpointOnDisk: Int { savedWeights + moments }

    private static func activations(
        _ recipe: Recipe, _ configuration: any BackboneConfiguration, _ pass: Pass, size: Int
    ) -> Int {
        let (text, vision) = (configuration.textLayers, configuration.visionLayers)
        let (ofLayer, ofBlock) = (text.keptCount, vision.keptCount)
        let decoder = recipe.stage == .pretraining ? 1 : 0
        var numbers: Int
        switch recipe.runtime.activationCheckpointing {
        case .full:
            // Inputs of layers, and all of one layer or block at a time.
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

    /// Logits, their logarithms and their gradients, of the tokens of a chunk.
    private static func logits(
        _ recipe: Recipe, _ vocabularySize: Int, _ pass: Pass
    ) -> Int {
        guard case .reconstruction(let settings) = recipe.objective else { return 0 }
        let masked = Double(pass.tokens) * settings.masking.mlmRatio
        let chunk = 128 << 20
        return 3 * min(chunk, Int(masked) * vocabularySize * MemoryLayout<Float>.size)
    }
}

extension Recipe {
    /// What a forward pass takes at most, as far as recipe and data say: one of text, one of
    /// pictures.
    func largestPasses(
        _ configuration: any BackboneConfiguration, _ costs: DataCosts?
    ) -> [MemoryEstimate.Pass] {
        switch objective {
        case .reconstruction:
            let imageTokens = batch.partSize / max(1, batch.imageTokenCost)
            return [
                .init(tokens: batch.partSize, patches: 0),
                .init(
                    tokens: imageTokens,
                    patches: imageTokens * configuration.inputRules.patch.mergeUnit),
            ]
        case .contrastive(let settings):
            if let costs { return costs.passes(batch) }
            guard let length = data.maxLength else { return [] }
            let all = batch.partSize * (2 + settings.hardNegatives) * length
            // A piece has at least one sequence.
            let tokens = batch.miniBatchTokens.map { min(all, max($0, length)) } ?? all
            return [.init(tokens: tokens, patches: 0)]
        }
    }
}

extension Recipe {
    /// Bytes of patches of the steps that are prepared ahead, prepared and computed, and of the
    /// images that are kept; 0 where it is not known what records have.
    func preparedBytes(_ configuration: any BackboneConfiguration, _ costs: DataCosts?) -> Int {
        // Patches are bytes of one of the frames that they repeat.
        let patch = configuration.inputRules.patch
        let frame = patch.valueCount / patch.frameCount
        var (patches, kept) = (0.0, Double(runtime.imageCacheBytes))
        switch objective {
        case .reconstruction(let settings):
            let imageTokens = batch.stepAmount / max(1, batch.imageTokenCost)
            // Masked patches are held a second time, as targets.
            patches =
                Double(imageTokens * patch.mergeUnit)
                * (1 + settings.masking.maeRatio)
        case .contrastive:
            patches = costs?.patchesAStep(batch) ?? 0
            kept = min(kept, (costs?.patchCount ?? 0) * Double(frame))
        }
        return Int(patches * Double(frame)) * (runtime.prefetch + 2) + Int(kept)
    }
}

/// What this machine has.
enum Machine {
    /// Bytes of memory that the process may use.
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

    /// Bytes that can be written below `folder`, which need not be there yet; nil where that is not
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
