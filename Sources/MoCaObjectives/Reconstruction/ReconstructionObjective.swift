// The loss of continual pre-training (MoCa, eq. 1-3): masked tokens by cross-entropy, masked
// patches by mean squared error.
// Shapes: T packed tokens, M masked tokens, R masked image tokens, W width, V values of a patch.

import MoCaCore
package import MoCaModel
import NN
import Torch

/// `mlm_loss + maeWeight * mae_loss`; each is a mean over what was masked, 0 where nothing was.
package struct ReconstructionObjective: Objective {
    /// What differs between the paper and the released code.
    package struct Settings: Sendable, Hashable {
        package var maeWeight: Double
        package var tokenTarget: TokenTarget
        /// Whether each target patch is shifted and scaled to mean 0 and variance 1 (MAE, arXiv
        /// 2111.06377, section 4); neither the paper nor the released code does.
        package var normalizesPatches: Bool

        /// The weight of the released code.
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
    /// Whether the logits of all tokens exist together: the plain way, to measure against.
    package var keepsLogits = false

    package init(_ model: ReconstructionModel, _ settings: Settings) {
        (self.model, self.settings) = (model, settings)
    }

    package func step(
        _ batches: [ReconstructionBatch], over collectives: any Collectives
    ) -> LossTerms {
        // Counts are known before any forward pass, so each micro-batch's gradient can be divided
        // by the true number over all of them.
        let values = model.backbone.configuration.vision.patchValueCount
        let merge = model.backbone.configuration.vision.mergeUnit
        let localTokens = batches.reduce(0) {
            $0 + $1.predictions(settings.tokenTarget).ids.count
        }
        let localNumbers = batches.reduce(0) { $0 + $1.maskedImageTokens.count * merge * values }
        let counts = collectives.sum([Double(localTokens), Double(localNumbers)])
        var sums = (mlm: 0.0, mae: 0.0)
        for (part, batch) in batches.enumerated() {
            model.backbone.step.begin(part: part)
            let (mlm, mae) = losses(batch)
            backward(mlm, mae, counts)
            sums.mlm += mlm?.item() ?? 0
            sums.mae += mae?.item() ?? 0
        }
        let totals = collectives.sum([sums.mlm, sums.mae])
        return LossTerms([
            LossTerm("mlm_loss", sum: totals[0], count: Int(counts[0])),
            LossTerm(
                "mae_loss", weight: settings.maeWeight, sum: totals[1], count: Int(counts[1])),
        ])
    }

    private func backward(_ mlm: Tensor?, _ mae: Tensor?, _ counts: [Double]) {
        let parts = [
            mlm.map { $0 * (1 / counts[0]) }, mae.map { $0 * (settings.maeWeight / counts[1]) },
        ].compactMap { $0 }
        guard let first = parts.first else { return }
        model.backbone.step.backward(parts.dropFirst().reduce(first, +))
    }

    /// The summed losses of one micro-batch; nil where nothing is to be predicted.
    private func losses(_ batch: ReconstructionBatch) -> (mlm: Tensor?, mae: Tensor?) {
        let predictions = batch.predictions(settings.tokenTarget)
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
                predictions.ids)
        guard let targets = batch.patchTargets else { return (mlm, nil) }
        let predicted = model.patches(
            output, at: Tensor(batch.maskedImageTokens, on: device))
        let goal = settings.normalizesPatches ? Self.normalize(targets) : targets
        return (mlm, (predicted - goal.to(device)).power(2).sum())
    }

    /// Bytes of logits that exist at a time.
    private static let logitBytesMax = 128 << 20

    /// Summed cross-entropy of states `[M, W]`. Projection and loss go in chunks, so that the logits
    /// of all tokens never exist together.
    private func tokenLoss(_ states: Tensor, _ ids: [Int32]) -> Tensor {
        let targets = Tensor(ids.map { Int64($0) }, on: states.device)
        guard !keepsLogits else { return model.tokenLogits(states).crossEntropySum(targets) }
        let rows = model.backbone.configuration.text.vocabularySize
        let chunk = max(1, Self.logitBytesMax / (rows * MemoryLayout<Float>.size))
        return states.linearCrossEntropySum(model.outputWeight, targets, chunk: chunk)
    }

    private static func normalize(_ patches: Tensor) -> Tensor {
        let centred = patches - patches.mean([1], keepingAxes: true)
        let variance = centred.power(2).mean([1], keepingAxes: true)
        return centred / (variance + 1e-6).squareRoot()
    }
}
