// FLOPs of a training step: the forward pass, and the backward pass of the trained parts.
// Recomputation to save memory does not count.

import MoCaCore
import MoCaModel
import NN
import Torch

/// The FLOPs of a model's training steps.
///
/// For each matrix product, backward computes the gradient of the input if an earlier part or the
/// layer itself is trained, and that of the weight if the weight is trained. A fully trained model
/// therefore costs three forward passes.
struct TrainingCost: Sendable {
    private let forward: any ForwardCost
    /// The FLOPs of a step relative to a forward pass.
    private let (ofVision, ofText, ofHeads): (Double, Double, Double)
    /// The numbers of adapter parameters in the vision tower and in the language model.
    private let (visionAdapters, textAdapters): (Double, Double)

    /// Derives the costs from the parameters of `model` that are currently trained.
    init(_ model: PretrainedModel) {
        let (configuration, keys) = (model.configuration, model.configuration.partKeys)
        forward = configuration.forwardCost
        let parts = TrainedParts(model.store)
        let vision = parts.factors(keys.visionLayers, after: keys.visionInput)
        ofVision = vision.mean
        let text = parts.factors(
            keys.textLayers, after: keys.textInput, isReached: vision.isReached)
        ofText = text.mean
        let heads = ["lm_head.", "mae_decoder.", "mae_proj."]
        let output = configuration.isTied ? [CheckpointKeys.embedding] : []
        let isReached = text.isReached || parts.isTrained(heads + output)
        ofHeads = 1 + (isReached ? 1 : 0) + parts.share(heads + output)
        visionAdapters = parts.adapterNumbers([keys.vision])
        textAdapters = parts.adapterNumbers([keys.text, "mae_decoder."])
    }

    /// Returns the FLOPs of a packed batch, up to the last hidden states.
    func ofInput(_ input: EncoderInput) -> Double {
        let patches = input.plans.reduce(0) { $0 + $1.patchCount }
        // An adapter parameter takes part in three products: forward and both gradients.
        let adapters =
            6 * (visionAdapters * Double(patches) + textAdapters * Double(input.tokenCount))
        return ofVision * forward.ofImages(input) + ofText * forward.ofSequences(input) + adapters
    }

    /// Returns the additional FLOPs of the pre-training heads.
    func ofHeads(_ input: EncoderInput, maskedTokens: Int, maskedImageTokens: Int) -> Double {
        ofHeads
            * forward.ofHeads(
                input, maskedTokens: maskedTokens, maskedImageTokens: maskedImageTokens)
    }
}

/// The trained parts of a model, by parameter key.
private struct TrainedParts {
    private struct Matrix {
        let key: String
        let count: Double
        let isTrained: Bool
    }

    private let matrices: [Matrix]
    private let adapters: [(key: String, count: Double)]

    init(_ store: ParameterStore) {
        matrices = store.parameters.filter { $0.tensor.rank >= 2 }.map { key, tensor in
            Matrix(
                key: key, count: Double(tensor.shape.reduce(1, *)),
                isTrained: tensor.requiresGradient)
        }
        adapters = (store.adapters?.parameters ?? []).filter { $0.tensor.rank == 2 }.map {
            ($0.key, Double($0.tensor.shape.reduce(1, *)))
        }
    }

    private func isOne(_ key: String, of prefixes: [String]) -> Bool {
        prefixes.contains { key.hasPrefix($0) }
    }

    /// Returns whether a parameter under one of `prefixes` is trained.
    func isTrained(_ prefixes: [String]) -> Bool {
        matrices.contains { $0.isTrained && isOne($0.key, of: prefixes) }
            || adapterNumbers(prefixes) > 0
    }

    /// Returns the trained fraction of the weights under `prefixes`.
    func share(_ prefixes: [String]) -> Double {
        let own = matrices.filter { isOne($0.key, of: prefixes) }
        let all = own.reduce(0) { $0 + $1.count }
        return all == 0 ? 0 : own.reduce(0) { $0 + ($1.isTrained ? $1.count : 0) } / all
    }

    func adapterNumbers(_ prefixes: [String]) -> Double {
        adapters.filter { isOne($0.key, of: prefixes) }.reduce(0) { $0 + $1.count }
    }

    /// Returns the mean factor of the layers named `prefix` and an index, and whether backward
    /// reaches the parts after them. `earlier` are parts before the first layer; `isReached` says
    /// whether backward reaches these.
    func factors(
        _ prefix: String, after earlier: [String], isReached: Bool = false
    ) -> (mean: Double, isReached: Bool) {
        var (isReached, sum, layer) = (isReached || isTrained(earlier), 0.0, 0)
        while matrices.contains(where: { $0.key.hasPrefix("\(prefix)\(layer).") }) {
            let own = ["\(prefix)\(layer)."]
            isReached = isReached || isTrained(own)
            sum += 1 + (isReached ? 1 : 0) + share(own)
            layer += 1
        }
        return (layer == 0 ? 1 : sum / Double(layer), isReached)
    }
}
