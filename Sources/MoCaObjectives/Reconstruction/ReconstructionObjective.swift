// The loss of continual pre-training (MoCa, eq. 1-3): masked tokens by cross-entropy, masked
// patches by mean squared error.
// Shapes: T packed tokens, M masked tokens, R masked image tokens, W width, V values of a patch.

import MoCaCore
package import MoCaModel
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
    /// Bytes of logits that exist at a time.
    var logitBytesMax = 128 << 20

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
        var tally = ReconstructionTally(
            subsets: batches.first?.subsets?.names ?? [], numbersAPatch: values)
        for batch in batches {
            let predictions = batch.predictions(settings.tokenTarget)
            let (tokens, patches) = losses(batch, predictions)
            backward(
                tokens.map { $0.selected(1, 0).sum() }, patches.map { $0.sum() }, counts)
            tally.add(
                tokens?.detached(), of: batch.subsetNumbers(of: predictions.states))
            tally.add(
                patches: patches?.detached(),
                of: batch.subsetNumbers(of: batch.maskedImageTokens).flatMap {
                    [Int](repeating: $0, count: merge)
                })
        }
        return tally.terms(maeWeight: settings.maeWeight, over: collectives)
    }

    private func backward(_ mlm: Tensor?, _ mae: Tensor?, _ counts: [Double]) {
        let parts = [
            mlm.map { $0 * (1 / counts[0]) }, mae.map { $0 * (settings.maeWeight / counts[1]) },
        ].compactMap { $0 }
        guard let first = parts.first else { return }
        parts.dropFirst().reduce(first, +).backward()
    }

    /// Of one micro-batch: for each masked token its loss and whether it is predicted right
    /// `[M, 2]`, and for each masked patch the sum of squared errors `[mergeUnit * R]`; nil where
    /// nothing is to be predicted.
    private func losses(
        _ batch: ReconstructionBatch, _ predictions: (states: [Int], ids: [Int32])
    ) -> (tokens: Tensor?, patches: Tensor?) {
        guard !predictions.ids.isEmpty || !batch.maskedImageTokens.isEmpty else {
            return (nil, nil)
        }
        let output = model.encode(batch.input)
        let device = output.hidden.device
        let mlm =
            predictions.ids.isEmpty
            ? nil
            : tokenLosses(
                output.hidden.indexed(0, by: Tensor(predictions.states, on: device)),
                predictions.ids)
        guard let targets = batch.patchTargets else { return (mlm, nil) }
        let predicted = model.patches(
            output, at: Tensor(batch.maskedImageTokens, on: device))
        let goal = settings.normalizesPatches ? Self.normalize(targets) : targets
        return (mlm, (predicted - goal.to(device)).power(2).sum([1]))
    }

    /// Cross-entropies of states `[M, W]`, and 1 where the right id has the greatest logit: `[M, 2]`.
    /// Projection and loss go in chunks that are computed again during backward, so that the logits
    /// of all tokens never exist together.
    private func tokenLosses(_ states: Tensor, _ ids: [Int32]) -> Tensor {
        let rows = model.backbone.configuration.text.vocabularySize
        let chunk = max(1, logitBytesMax / (rows * MemoryLayout<Float>.size))
        let targets = Tensor(ids.map { Int64($0) }, on: states.device)
        guard ids.count > chunk else { return Self.scored(model.tokenLogits(states), targets) }
        let parts = stride(from: 0, to: ids.count, by: chunk).map { start in
            let range = start..<min(start + chunk, ids.count)
            let part = targets.narrowed(0, range)
            return recomputed([states.narrowed(0, range)]) {
                Self.scored(model.tokenLogits($0[0]), part)
            }
        }
        return .concatenated(parts)
    }

    /// `[M, vocabulary]` to `[M, 2]`.
    private static func scored(_ logits: Tensor, _ targets: Tensor) -> Tensor {
        let isRight = withoutGradient {
            let exact = logits.detached()
            let own = exact.gathered(1, targets.unsqueezed(1)).squeezed(1)  // [M]
            return exact.maximum(1).isGreater(than: own).to(.float32) * -1 + 1
        }
        return .stacked([logits.crossEntropy(targets), isRight], axis: 1)
    }

    private static func normalize(_ patches: Tensor) -> Tensor {
        let centred = patches - patches.mean([1], keepingAxes: true)
        let variance = centred.power(2).mean([1], keepingAxes: true)
        return centred / (variance + 1e-6).squareRoot()
    }
}
