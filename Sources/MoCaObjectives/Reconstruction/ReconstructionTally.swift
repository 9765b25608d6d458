// Sums and counts over the masked tokens and patches of a step, in total and by subset.
// Shapes: M masked tokens, P masked patches.

import Torch

/// Accumulates losses over microbatches, then over ranks.
struct ReconstructionTally {
    private static let names = ["mlm_loss", "mae_loss", "mlm_accuracy"]

    private let subsets: [String]
    private let numbersAPatch: Int
    /// The sum and the count of each term: first in total, then for each subset.
    private var figures: [Double]

    init(subsets: [String], numbersAPatch: Int) {
        (self.subsets, self.numbersAPatch) = (subsets, numbersAPatch)
        figures = [Double](
            repeating: 0, count: 2 * Self.names.count * (1 + subsets.count))
    }

    private mutating func add(_ sum: Double, _ count: Int, term: Int, subset: Int?) {
        for row in [0] + (subset.map { [$0 + 1] } ?? []) {
            figures[2 * (row * Self.names.count + term)] += sum
            figures[2 * (row * Self.names.count + term) + 1] += Double(count)
        }
    }

    /// Adds the losses and correctness of tokens `[M, 2]`; `numbers` are their subset indices, or
    /// empty.
    mutating func add(_ tokens: Tensor?, of numbers: [Int]) {
        let values: [Float] = tokens?.array() ?? []
        for index in 0..<values.count / 2 {
            let subset = numbers.isEmpty ? nil : numbers[index]
            add(Double(values[2 * index]), 1, term: 0, subset: subset)
            add(Double(values[2 * index + 1]), 1, term: 2, subset: subset)
        }
    }

    /// Adds the squared errors of patches `[P]`; `numbers` are their subset indices, or empty.
    mutating func add(patches: Tensor?, of numbers: [Int]) {
        let values: [Float] = patches?.array() ?? []
        for (index, value) in values.enumerated() {
            let subset = numbers.isEmpty ? nil : numbers[index]
            add(Double(value), numbersAPatch, term: 1, subset: subset)
        }
    }

    /// Returns the loss terms over all ranks.
    func terms(maeWeight: Double, over collectives: any Collectives) -> LossTerms {
        let totals = collectives.sum(figures)
        let weights = [1, maeWeight, 0]
        func row(_ row: Int) -> [LossTerm] {
            Self.names.indices.map { term in
                let place = 2 * (row * Self.names.count + term)
                return LossTerm(
                    Self.names[term], weight: weights[term], sum: totals[place],
                    count: Int(totals[place + 1]))
            }
        }
        let found = subsets.enumerated().map { ($1, row($0 + 1)) }
            .filter { _, terms in terms.contains { $0.count > 0 } }
        return LossTerms(row(0), subsets: Dictionary(uniqueKeysWithValues: found))
    }
}
