// Sums of what was compared in a step, in all, by view and by subset.

import Torch

/// Adds up parts, then ranks.
struct ContrastiveTally {
    private let settings: ContrastiveObjective.Settings
    /// Of each part.
    private let subsets: [String?]
    /// The loss, the distillation, and each view.
    private var sums: [Double]
    /// Of each part: its loss and its queries.
    private var parts: [Double]

    init(_ settings: ContrastiveObjective.Settings, _ subsets: [String?]) {
        (self.settings, self.subsets) = (settings, subsets)
        sums = [Double](repeating: 0, count: 2 + settings.views.count)
        parts = [Double](repeating: 0, count: 2 * subsets.count)
    }

    mutating func add(_ found: ContrastiveLoss.Sums, part: Int, queryCount: Int) {
        let loss = found.contrastive.item()
        sums[0] += loss
        sums[1] += found.distillation?.item() ?? 0
        for (index, view) in found.views.enumerated() { sums[2 + index] += view.item() }
        parts[2 * part] += loss
        parts[2 * part + 1] += Double(queryCount)
    }

    /// The terms of all ranks; `counts` are the queries, and those with a teacher's scores.
    func terms(_ counts: [Double], over collectives: any Collectives) -> LossTerms {
        let totals = collectives.sum(sums)
        let (name, count) = ("contrastive_loss", Int(counts[0]))
        var terms = [LossTerm(name, sum: totals[0], count: count)]
        if settings.views.count > 1 {
            terms += zip(settings.views, totals.dropFirst(2)).map { view, sum in
                LossTerm(view.name, weight: 0, sum: sum, count: count)
            }
        }
        if settings.distillationWeight > 0 {
            terms.append(
                LossTerm(
                    "distillation_loss", weight: settings.distillationWeight, sum: totals[1],
                    count: Int(counts[1])))
        }
        var bySubset: [String: [LossTerm]] = [:]
        let shares = collectives.sum(parts)
        for (part, subset) in subsets.enumerated() {
            guard let subset else { continue }
            var term = bySubset[subset]?.first ?? LossTerm(name, sum: 0, count: 0)
            term.sum += shares[2 * part]
            term.count += Int(shares[2 * part + 1])
            bySubset[subset] = [term]
        }
        return LossTerms(terms, subsets: bySubset)
    }
}
