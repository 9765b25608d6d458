// Loss sums of a contrastive step, in total, by view and by subset.

import Torch

/// Accumulates losses over microbatches, then over ranks.
struct ContrastiveTally {
    private let settings: ContrastiveObjective.Settings
    /// The subset of each microbatch.
    private let subsets: [String?]
    /// The sums of the loss, of the distillation loss, and of the loss of each view.
    private var sums: [Double]
    /// For each microbatch: its loss, its number of queries, its distillation loss, and its number
    /// of queries with a teacher's scores.
    private var parts: [Double]
    private static let figureCount = 4

    init(_ settings: ContrastiveObjective.Settings, _ subsets: [String?]) {
        (self.settings, self.subsets) = (settings, subsets)
        sums = [Double](repeating: 0, count: 2 + settings.views.count)
        parts = [Double](repeating: 0, count: Self.figureCount * subsets.count)
    }

    /// Adds the sums of a microbatch.
    ///
    /// - Parameter taughtCount: The number of queries with a teacher's scores.
    mutating func add(
        _ found: ContrastiveLoss.Sums, part: Int, queryCount: Int, taughtCount: Int
    ) {
        let loss = found.contrastive.item()
        let distillation = found.distillation?.item() ?? 0
        sums[0] += loss
        sums[1] += distillation
        for (index, view) in found.views.enumerated() { sums[2 + index] += view.item() }
        let figures = [loss, Double(queryCount), distillation, Double(taughtCount)]
        for (index, figure) in figures.enumerated() {
            parts[Self.figureCount * part + index] += figure
        }
    }

    /// Returns the loss terms over all ranks; `counts` are the numbers of queries and of queries
    /// with a teacher's scores.
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
            terms.append(distillation(totals[1], Int(counts[1])))
        }
        var bySubset: [String: [LossTerm]] = [:]
        let shares = collectives.sum(parts)
        for (part, subset) in subsets.enumerated() {
            guard let subset else { continue }
            let figures = shares[Self.figureCount * part..<Self.figureCount * (part + 1)]
            var found = [
                LossTerm(
                    name, sum: figures[figures.startIndex],
                    count: Int(figures[figures.startIndex + 1]))
            ]
            if settings.distillationWeight > 0 {
                found.append(
                    distillation(
                        figures[figures.startIndex + 2], Int(figures[figures.startIndex + 3])))
            }
            for (index, term) in (bySubset[subset] ?? []).enumerated() {
                found[index].sum += term.sum
                found[index].count += term.count
            }
            bySubset[subset] = found
        }
        return LossTerms(terms, subsets: bySubset)
    }

    private func distillation(_ sum: Double, _ count: Int) -> LossTerm {
        LossTerm(
            "distillation_loss", weight: settings.distillationWeight, sum: sum, count: count)
    }
}
