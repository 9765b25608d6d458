// The loss of continual pre-training (MoCa, eq. 1-3): masked tokens by cross-entropy, masked
// patches by mean squared error.
// Shapes: T packed tokens, M masked tokens, R masked image tokens, W width, V values of a patch.

import MoCaCore
package import MoCaModel
import NN
package import Torch

/// `mlm_loss + maeWeight * mae_loss`, each a mean over masked tokens or patches; 0 without any.
package struct ReconstructionObjective: Objective {
    /// The settings in which the paper and the released code differ.
    package struct Settings: Sendable, Hashable {
        package var maeWeight: Double
        package var tokenTarget: TokenTarget
        /// Whether each target patch is shifted and scaled to mean 0 and variance 1 (MAE, arXiv
        /// 2111.06377, section 4); neither the paper nor the released code does.
        package var normalizesPatches: Bool

        /// Creates settings; the defaults are those of the released code.
        package init(
            maeWeight: Double = 0.1, tokenTarget: TokenTarget = .own,
            normalizesPatches: Bool = false
        ) {
            (self.maeWeight, self.tokenTarget) = (maeWeight, tokenTarget)
            self.normalizesPatches = normalizesPatches
        }
    }

    package let model: ReconstructionModel
    package let settings: Settings
    /// Whether the logits of all tokens are computed at once: the reference for comparisons.
    package var keepsLogits = false
    /// The maximum number of bytes of logits that exist at a time.
    var logitBytesMax = 128 << 20

    package init(_ model: ReconstructionModel, _ settings: Settings) {
        (self.model, self.settings) = (model, settings)
    }

    package func step(
        _ batches: [ReconstructionBatch], over collectives: any Collectives
    ) -> LossTerms {
        // Counts are known before any forward pass, so each microbatch's gradient can be divided
        // by the total over all of them.
        let patch = model.backbone.configuration.inputRules.patch
        let (values, merge) = (patch.valueCount, patch.mergeUnit)
        let localTokens = batches.reduce(0) {
            $0 + $1.predictions(settings.tokenTarget).ids.count
        }
        let localNumbers = batches.reduce(0) { $0 + $1.maskedImageTokens.count * merge * values }
        let counts = collectives.sum([Double(localTokens), Double(localNumbers)])
        var sums = ReconstructionLosses(
            subsets: batches.first?.subsets?.names ?? [], valuesPerPatch: values,
            maeWeight: settings.maeWeight)
        for (part, batch) in batches.enumerated() {
            model.backbone.step.begin(part: part)
            let predictions = batch.predictions(settings.tokenTarget)
            let (tokens, patches) = losses(
                batch, predictions, scale: model.backbone.step.lossScale / max(1, counts[0]))
            backward(tokens?.sum, patches.map { $0.sum() }, counts)
            sums.add(tokens: tokens?.rows, subsets: batch.subsetNumbers(of: predictions.states))
            sums.add(
                patches: patches?.detached(),
                subsets: batch.subsetNumbers(of: batch.maskedImageTokens).flatMap {
                    [Int](repeating: $0, count: merge)
                })
        }
        return sums.terms(over: collectives)
    }

    private func backward(_ mlm: Tensor?, _ mae: Tensor?, _ counts: [Double]) {
        let parts = [
            mlm.map { $0 * (1 / counts[0]) }, mae.map { $0 * (settings.maeWeight / counts[1]) },
        ].compactMap { $0 }
        guard let first = parts.first else { return }
        model.backbone.step.backward(parts.dropFirst().reduce(first, +))
    }

    /// Returns the losses of one microbatch: the summed loss of masked tokens with, without
    /// gradients, the loss and correctness of each token `[M, 2]`; and the sum of squared errors of
    /// each masked patch `[mergeUnit * R]`. Each is nil when there is nothing to predict.
    private func losses(
        _ batch: ReconstructionBatch, _ predictions: (states: [Int], ids: [Int32]), scale: Double
    ) -> (tokens: (sum: Tensor, rows: Tensor)?, patches: Tensor?) {
        guard !predictions.ids.isEmpty || !batch.maskedImageTokens.isEmpty else {
            return (nil, nil)
        }
        let output = model.encode(batch.input)
        let device = output.hidden.device
        let mlm =
            predictions.ids.isEmpty
            ? nil
            : tokenLoss(
                output.hidden.indexed(0, by: Tensor(predictions.states, on: device)),
                predictions.ids, scale)
        guard let targets = batch.targetPatches?.values(on: device) else { return (mlm, nil) }
        let predicted = model.patches(
            output, at: Tensor(batch.maskedImageTokens, on: device))
        let goal = settings.normalizesPatches ? Self.normalize(targets) : targets
        return (mlm, (predicted - goal).power(2).sum([1]))
    }

    /// Returns the summed cross-entropy of states `[M, W]` and, without gradients, for each token
    /// its loss and 1 if no logit exceeds that of the target id `[M, 2]`. Projection and loss are
    /// computed in chunks, so the logits of all tokens never exist at once.
    private func tokenLoss(
        _ states: Tensor, _ ids: [Int32], _ scale: Double
    ) -> (sum: Tensor, rows: Tensor) {
        let targets = Tensor(ids.map { Int64($0) }, on: states.device)
        guard !keepsLogits else { return Self.plainLoss(model.tokenLogits(states), targets) }
        let rows = model.backbone.configuration.vocabularySize
        let chunk = max(1, logitBytesMax / (rows * MemoryLayout<Float>.size))
        return states.linearCrossEntropy(
            model.outputWeight, targets, chunk: chunk, scale: scale)
    }

    private static func plainLoss(
        _ logits: Tensor, _ targets: Tensor
    ) -> (sum: Tensor, rows: Tensor) {
        let losses = logits.crossEntropy(targets)
        let isRight = withoutGradient {
            let exact = logits.detached()
            let own = exact.gathered(1, targets.unsqueezed(1)).squeezed(1)  // [M]
            return exact.maximum(1).isGreater(than: own).to(.float32) * -1 + 1
        }
        return (losses.sum(), .stacked([losses.detached(), isRight], axis: 1))
    }

    private static func normalize(_ patches: Tensor) -> Tensor {
        let centred = patches - patches.mean([1], keepingAxes: true)
        let variance = centred.power(2).mean([1], keepingAxes: true)
        return centred / (variance + 1e-6).squareRoot()
    }
}
