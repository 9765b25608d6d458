// The contrastive loss of a batch, computed from its vectors: comparisons, views and masks. It is
// independent of how the vectors were computed.
// Shapes: B queries of this rank, A queries of all ranks, C candidates of all ranks (positives,
// then hard negatives), D components.

import MoCaCore
import MoCaModel
package import Torch

/// The contrastive loss of one batch.
struct ContrastiveLoss {
    let settings: ContrastiveObjective.Settings
    let batch: ContrastiveBatch
    let layout: CandidateLayout
    let collectives: any Collectives
    /// The scalar factor of similarities; nil selects the settings' temperature.
    let scale: Tensor?

    /// Loss sums over this rank's queries.
    struct Sums {
        /// The weighted sum over all views.
        var contrastive: Tensor
        /// The loss of each view, in the order of the settings; empty for a single view.
        var views: [Tensor] = []
        var distillation: Tensor?
    }

    /// Returns the candidates of all ranks, `[C, D]`, and for a symmetric loss their queries,
    /// `[A, D]`. One exchange gathers all rows, because the order of several in the backward pass
    /// would be autograd's to choose.
    private func gathered(
        _ vectors: Tensor, _ rows: Int
    ) -> (candidates: Tensor, queries: Tensor?) {
        let skipped = settings.isSymmetric ? 0 : 1
        let all = collectives.gatherRows(
            skipped == 0 ? vectors : vectors.narrowed(0, batch.queryCount..<rows))
        let starts = layout.starts { $0.queries * (2 - skipped) + $0.negatives }
        func part(_ first: (CandidateLayout.Block) -> Int, _ count: (CandidateLayout.Block) -> Int)
            -> [Tensor]
        {
            zip(starts, layout.blocks).map { start, block in
                let first = start + first(block)
                return all.narrowed(0, first..<first + count(block))
            }
        }
        let positives = part({ $0.queries * (1 - skipped) }, { $0.queries })
        let negatives = part({ $0.queries * (2 - skipped) }, { $0.negatives })
        let queries = part({ _ in 0 }, { $0.queries })
        return (
            .concatenated(positives + negatives),
            settings.isSymmetric ? (queries.count == 1 ? queries[0] : .concatenated(queries)) : nil
        )
    }

    /// Returns the loss sums for the vectors `[2B + negatives, D]` of the batch's sequences.
    func sums(
        _ vectors: Tensor, observe: ((ContrastiveObservation) -> Void)? = nil
    ) -> Sums {
        let (rows, _) = vectors.sizes2()
        let count = batch.queryCount
        let shared = gathered(vectors, rows)
        let sides = Sides(
            queries: vectors.narrowed(0, 0..<count),
            positives: vectors.narrowed(0, count..<2 * count),
            candidates: shared.candidates, allQueries: shared.queries)
        observe?(
            ContrastiveObservation(
                queries: sides.queries.detached(), candidates: sides.candidates.detached(),
                layout: layout))
        let masks = Masks(
            forward: mask(
                layout.excluded(settings), sides.queries, sides.candidates),
            backward: sides.allQueries.map {
                mask(layout.excludedQueries(settings), sides.positives, $0)
            } ?? [])
        let views = settings.views
        let losses = views.map { loss(of: $0, sides, masks) }
        let total = zip(losses, views).map { $0 * $1.weight }
        var sums = Sums(contrastive: total.dropFirst().reduce(total[0], +))
        if views.count > 1 { sums.views = losses }
        if settings.distillationWeight > 0, TeacherScores.count(batch) > 0 {
            sums.distillation = TeacherScores(
                batch, layout, temperature: settings.distillationTemperature
            ).divergence(logits(sides.queries, sides.candidates))
        }
        return sums
    }

    // MARK: Views

    private struct Sides {
        let queries: Tensor
        /// `[B, D]`: the positives of this rank.
        let positives: Tensor
        /// `[C, D]`
        let candidates: Tensor
        /// `[A, D]`; nil unless the loss is symmetric.
        let allQueries: Tensor?
    }

    private struct Masks {
        /// Each `[B, C]`.
        let forward: [Tensor]
        /// Each `[B, A]`.
        let backward: [Tensor]
    }

    private func loss(
        of view: ContrastiveObjective.Settings.View, _ sides: Sides, _ masks: Masks
    ) -> Tensor {
        func seen(_ vectors: Tensor) -> Tensor {
            var seen = vectors
            if let dimensions = view.dimensions {
                seen = EmbeddingModel.normalize(vectors.narrowed(1, 0..<dimensions))
            }
            return view.quantization?(seen) ?? seen
        }
        let forward = crossEntropy(
            logits(seen(sides.queries), seen(sides.candidates)), masks.forward)
        guard let queries = sides.allQueries else { return forward }
        let backward = crossEntropy(
            logits(seen(sides.positives), seen(queries)), masks.backward)
        return (forward + backward) * 0.5
    }

    /// Returns the similarities of `[B, D]` and `[C, D]` divided by the temperature: `[B, C]`.
    private func logits(_ rows: Tensor, _ candidates: Tensor) -> Tensor {
        let similarities = rows.matmul(candidates.transposed(0, 1))
        guard let scale else { return similarities / settings.temperature }
        return similarities * scale
    }

    private func crossEntropy(_ logits: Tensor, _ masks: [Tensor]) -> Tensor {
        masks.reduce(logits) { $0.masked(where: $1, with: -.infinity) }
            .crossEntropySum(Tensor(layout.targets, on: logits.device))
    }

    // MARK: What is left out

    /// Returns masks of shape `[B, C]`, true for candidates that are left out.
    private func mask(_ excluded: [Bool], _ rows: Tensor, _ candidates: Tensor) -> [Tensor] {
        let (device, shape) = (rows.device, [rows.sizes2().0, candidates.sizes2().0])
        var masks: [Tensor] = []
        if excluded.contains(true) { masks.append(Tensor(excluded, shape: shape, on: device)) }
        if let margin = settings.falseNegativeMargin {
            masks.append(
                withoutGradient {
                    tooSimilar(
                        rows.detached().matmul(candidates.detached().transposed(0, 1)), margin)
                })
        }
        return masks
    }

    /// Returns `[B, C]`: whether a similarity exceeds that of the target by the margin.
    private func tooSimilar(_ similarities: Tensor, _ margin: Double) -> Tensor {
        let (rows, columns) = similarities.sizes2()
        let device = similarities.device
        let targets = Tensor(layout.targets, shape: [rows, 1], on: device)
        let own = similarities.gathered(1, targets)  // [B, 1]
        let limit =
            own
            + (settings.marginStrategy == .absolute
                ? Tensor(margin, on: device)
                : own * own.sign() * margin)
        // The target itself is never left out, whatever the margin.
        let places = layout.targets.enumerated().map { $0 * columns + $1 }
        let others = similarities.reshaped([rows * columns])
            .replacingRows(
                at: Tensor(places, on: device), with: .full([rows], -.infinity, on: device)
            )
            .reshaped([rows, columns])
        return others.isGreater(than: limit)
    }
}

/// The vectors of a batch that are compared, without gradients.
package struct ContrastiveObservation {
    /// float32 `[B, D]`, without gradients.
    package let queries: Tensor
    /// float32 `[C, D]`, without gradients.
    package let candidates: Tensor
    package let layout: CandidateLayout
}
