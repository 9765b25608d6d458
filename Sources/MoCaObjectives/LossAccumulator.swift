// Sums and counts of the loss terms of a step.

import Torch

/// Accumulates loss terms over microbatches, then over ranks.
///
/// The sums are kept in rows, each of which has all terms: a row for the whole step, and further
/// ones for subsets or microbatches.
struct LossAccumulator: Sendable {
    /// The name and the weight of a term.
    struct Term: Sendable, Hashable {
        var name: String
        var weight: Double

        init(_ name: String, weight: Double = 1) {
            self.name = name
            self.weight = weight
        }
    }

    let terms: [Term]
    /// The sum and the count of each term of each row: `[rows, terms, 2]`.
    private var figures: [Double]

    init(_ terms: [Term], rowCount: Int) {
        self.terms = terms
        figures = [Double](repeating: 0, count: rowCount * terms.count * 2)
    }

    /// Adds `count` summands of a term.
    mutating func add(_ sum: Double, count: Int, term: Int, row: Int) {
        let index = 2 * (row * terms.count + term)
        figures[index] += sum
        figures[index + 1] += Double(count)
    }

    /// Returns the terms of each row, summed over all ranks in one exchange.
    func rows(over collectives: any Collectives) -> [[LossTerm]] {
        let totals = collectives.sum(figures)
        let width = 2 * terms.count
        return stride(from: 0, to: totals.count, by: width).map { start in
            terms.enumerated().map { index, term in
                LossTerm(
                    term.name,
                    WeightedSum(
                        sum: totals[start + 2 * index], count: Int(totals[start + 2 * index + 1]),
                        weight: term.weight))
            }
        }
    }
}
