// The losses of a contrastive step, in total, by view and by subset.

import Torch

/// Accumulates the losses of microbatches.
struct ContrastiveLosses {
    /// The subset of each microbatch.
    private let subsets: [String?]
    /// The number of views whose losses are reported; 0 for a single view.
    private let viewCount: Int
    private let hasDistillation: Bool
    /// The first row is the total, each other row a microbatch, whose views are not kept.
    private var accumulator: LossAccumulator

    init(_ settings: ContrastiveObjective.Settings, subsets: [String?]) {
        self.subsets = subsets
        viewCount = settings.views.count > 1 ? settings.views.count : 0
        hasDistillation = settings.distillationWeight > 0
        var terms = [LossAccumulator.Term("contrastive_loss")]
        terms += settings.views.prefix(viewCount).map {
            LossAccumulator.Term($0.name, weight: 0)
        }
        if hasDistillation {
            terms.append(
                LossAccumulator.Term("distillation_loss", weight: settings.distillationWeight))
        }
        accumulator = LossAccumulator(terms, rowCount: 1 + subsets.count)
    }

    private var distillationTerm: Int { 1 + viewCount }

    /// Adds the sums of a microbatch.
    ///
    /// - Parameter taughtCount: The number of queries with a teacher's scores.
    mutating func add(
        _ sums: ContrastiveLoss.Sums, microbatch: Int, queryCount: Int, taughtCount: Int
    ) {
        let loss = sums.contrastive.item()
        let distillation = sums.distillation?.item() ?? 0
        for row in [0, 1 + microbatch] {
            accumulator.add(loss, count: queryCount, term: 0, row: row)
            guard hasDistillation else { continue }
            accumulator.add(distillation, count: taughtCount, term: distillationTerm, row: row)
        }
        for (index, view) in sums.views.prefix(viewCount).enumerated() {
            accumulator.add(view.item(), count: queryCount, term: 1 + index, row: 0)
        }
    }

    /// Returns the loss terms over all ranks.
    func terms(over collectives: any Collectives) -> LossTerms {
        let rows = accumulator.rows(over: collectives)
        var bySubset: [String: [LossTerm]] = [:]
        for (subset, row) in zip(subsets, rows.dropFirst()) {
            guard let subset else { continue }
            var terms = [row[0]] + (hasDistillation ? [row[distillationTerm]] : [])
            for (index, earlier) in (bySubset[subset] ?? []).enumerated() {
                terms[index].total += earlier.total
            }
            bySubset[subset] = terms
        }
        return LossTerms(rows[0], subsets: bySubset)
    }
}
