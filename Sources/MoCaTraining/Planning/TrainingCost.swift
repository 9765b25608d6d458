// Operations of a training step: what a forward pass takes, and what backward adds for what is
// trained. What is computed again to save memory does not count.

import MoCaCore
import MoCaModel
import NN
import Torch

/// What steps of one model cost.
///
/// Of each matrix product backward computes the gradient of its input, where something before it or
/// in its layer is trained, and that of its weight, where the weight is trained: a model that is
/// trained whole costs three forward passes.
struct TrainingCost: Sendable {
    private let forward: any ForwardCost
    /// Operations of a step over those of a forward pass.
    private let (ofVision, ofText, ofHeads): (Double, Double, Double)
    /// Numbers in adapters of the vision tower and of the language model.
    private let (visionAdapters, textAdapters): (Double, Double)

    /// Of what `model` trains now.
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

    /// A packed batch's, up to the last hidden states.
    func ofInput(_ input: EncoderInput) -> Double {
        let patches = input.grids.reduce(0) { $0 + $1.patchCount }
        // A number of an adapter takes part in three products: forward and both gradients.
        let adapters =
            6 * (visionAdapters * Double(patches) + textAdapters * Double(input.tokenCount))
        return ofVision * forward.ofImages(input) + ofText * forward.ofSequences(input) + adapters
    }

    /// What the heads of pre-training add.
    func ofHeads(_ input: EncoderInput, maskedTokens: Int, maskedImageTokens: Int) -> Double {
        ofHeads
            * forward.ofHeads(
                input, maskedTokens: maskedTokens, maskedImageTokens: maskedImageTokens)
    }
}

/// Which parts of a model are trained, by the keys of their parameters.
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

    /// Whether something below one of `prefixes` is trained.
    func isTrained(_ prefixes: [String]) -> Bool {
        matrices.contains { $0.isTrained && isOne($0.key, of: prefixes) }
            || adapterNumbers(prefixes) > 0
    }

    /// The trained share of the weights below `prefixes`.
    func share(_ prefixes: [String]) -> Double {
        let own = matrices.filter { isOne($0.key, of: prefixes) }
        let all = own.reduce(0) { $0 + $1.count }
        return all == 0 ? 0 : own.reduce(0) { $0 + ($1.isTrained ? $1.count : 0) } / all
    }

    func adapterNumbers(_ prefixes: [String]) -> Double {
        adapters.filter { isOne($0.key, of: prefixes) }.reduce(0) { $0 + $1.count }
    }

    /// The mean factor of the layers `prefix` and a number, and whether backward reaches what
    /// follows them; `earlier` are parts before the first, `isReached` whether it reaches these.
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
