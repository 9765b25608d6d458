// InfoNCE with in-batch and hard negatives (MoCa, eq. 4), in one forward pass or in chunks with
// gradient caching (Gao et al. 2021, arXiv 2101.06983).
// Shapes: N sequences, D components.

import Foundation
package import MoCaModel
import NN
package import Torch

/// Softmax cross-entropy of each query's positive among the candidates.
package struct ContrastiveObjective: Objective {
    package let model: EmbeddingModel
    package let settings: Settings
    /// A floating-point scalar: the logarithm of the factor of similarities; nil for a fixed
    /// temperature.
    package let logScale: Tensor?
    /// Called with the vectors of each batch; nil disables the observation.
    package var observe: ((ContrastiveObservation) -> Void)?

    /// Creates an objective; `logScale` is required if and only if the temperature is learned.
    package init(_ model: EmbeddingModel, _ settings: Settings, logScale: Tensor? = nil) {
        (self.model, self.settings, self.logScale) = (model, settings, logScale)
        precondition(
            settings.learnsTemperature == (logScale != nil), "a learned temperature is a parameter")
    }

    package func step(
        _ batches: [ContrastiveBatch], over collectives: any Collectives
    ) -> LossTerms {
        clampScale()
        let local = batches.reduce(0) { $0 + $1.queryCount }
        let scored = batches.reduce(0) { $0 + TeacherScores.count($1) }
        let counts = collectives.sum([Double(local), Double(scored)])
        var losses = ContrastiveLosses(settings, subsets: batches.map(\.subset))
        // Each forward pass of a step has its own index.
        var pass = 0
        // A rank without queries in a microbatch still takes part in the collectives.
        for (part, batch) in batches.enumerated()
        where collectives.sum([Double(batch.queryCount)])[0] > 0 {
            let isPlain = batch.pieces.count == 1
            let sums =
                isPlain
                ? plain(batch, pass, counts, collectives)
                : cached(batch, pass, counts, collectives)
            pass += batch.pieces.count
            losses.add(
                sums, microbatch: part, queryCount: batch.queryCount,
                taughtCount: TeacherScores.count(batch))
        }
        var terms = losses.terms(over: collectives)
        if let logScale {
            terms.terms.append(
                LossTerm(
                    "temperature", WeightedSum(sum: exp(-logScale.item()), count: 1, weight: 0)))
        }
        return terms
    }

    // MARK: Forward and backward

    private func plain(
        _ batch: ContrastiveBatch, _ pass: Int, _ counts: [Double],
        _ collectives: any Collectives
    ) -> ContrastiveLoss.Sums {
        model.backbone.step.begin(part: pass)
        return backward(batch, model(batch.pieces[0]), counts, collectives)
    }

    /// Computes all vectors without gradients, then the loss's gradient of them, then each chunk
    /// again with gradients. A chunk has the same index both times, so its random numbers repeat.
    private func cached(
        _ batch: ContrastiveBatch, _ firstPass: Int, _ counts: [Double],
        _ collectives: any Collectives
    ) -> ContrastiveLoss.Sums {
        let encode = { (number: Int) in
            model.backbone.step.begin(part: firstPass + number)
            return model(batch.pieces[number])
        }
        let vectors = withoutGradient {
            batch.pieces.isEmpty
                ? Tensor.zeros([0, model.vectorLength], on: model.backbone.embeddingWeight.device)
                : Tensor.concatenated(batch.pieces.indices.map(encode))  // [N, D]
        }
        vectors.setRequiresGradient(true)
        let sums = backward(batch, vectors, counts, collectives)
        guard let gradient = vectors.gradient else { return sums }
        var first = 0
        for (number, piece) in batch.pieces.enumerated() {
            let rows = first..<first + piece.sequenceCount
            encode(number).backward(gradient: gradient.narrowed(0, rows))
            first = rows.upperBound
        }
        return sums
    }

    /// Returns the loss sums of a batch with the vectors `[N, D]`, and runs the backward pass.
    private func backward(
        _ batch: ContrastiveBatch, _ vectors: Tensor, _ counts: [Double],
        _ collectives: any Collectives
    ) -> ContrastiveLoss.Sums {
        // Counts are exchanged before tensors: they determine what each rank will send.
        let layout = CandidateLayout(batch, collectives)
        let loss = ContrastiveLoss(
            settings: settings, batch: batch, layout: layout, collectives: collectives,
            scale: logScale?.to(.float32).exponential())
        let sums = loss.sums(
            vectors.indexed(0, by: Tensor(batch.sequences, on: vectors.device)),
            observe: observe)
        var total = sums.contrastive * (1 / counts[0])
        if let distillation = sums.distillation {
            total = total + distillation * (settings.distillationWeight / counts[1])
        }
        model.backbone.step.backward(total)
        return sums
    }

    // MARK: Temperature

    /// The checkpoint key of the logarithm of the scale.
    package static let logScaleKey = CheckpointKeys.logScale
    /// The largest scale (CLIP, section 2.5: larger ones made training unstable).
    package static let scaleMax = 100.0

    /// Clamps the parameter to the limit, as CLIP does, because gradients do not respect it.
    private func clampScale() {
        guard let logScale, logScale.item() > log(Self.scaleMax) else { return }
        withoutGradient {
            logScale.assign(.full([], log(Self.scaleMax), dtype: logScale.dtype))
        }
    }

    /// Returns the parameter of a learned temperature, initialised from the checkpoint or else from
    /// `temperature`. It is trained even when the weights are frozen beside adapters.
    package static func logScale(
        of model: PretrainedModel, temperature: Double
    ) -> Tensor {
        let store = model.store
        if let known = store.tensors[logScaleKey] { return known }
        let start = Tensor.full(
            [], min(log(1 / temperature), log(scaleMax)), dtype: store.dtype, on: store.device)
        let isStored =
            store.adapters?.has(logScaleKey) ?? false
            || model.folder != nil && store.hasStored(prefix: logScaleKey)
        store.trainBesideAdapters(logScaleKey)
        if !isStored { store.provide(logScaleKey, start) }
        let tensor = store.root.parameter(logScaleKey, [], .bias)
        if !isStored { tensor.assign(start) }
        return tensor
    }
}
