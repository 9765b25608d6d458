// Sums and counts of what was masked in a step, in all and by subset.
// Shapes: M masked tokens, P masked patches.

import Torch

/// Adds up micro-batches, then ranks.
struct ReconstructionTally {
    private static let names = ["mlm_loss", "mae_loss", "mlm_accuracy"]

    private let subsets: [String]
    private let numbersAPatch: Int
    /// Sums, then counts, of each term: in all first, then of each subset.
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

    /// Losses and hits `[M, 2]` of tokens; `numbers` are their subsets, or empty.
    mutating func add(_ tokens: Tensor?, of numbers: [Int]) {
        let values: [Float] = tokens?.array() ?? []
        for index in 0..<values.count / 2 {
            let subset = numbers.isEmpty ? nil : numbers[index]
            add(Double(values[2 * index]), 1, term: 0, subset: subset)
            add(Double(values[2 * index + 1]), 1, term: 2, subset: subset)
        }
    }

    /// Squared errors `[P]` of patches; `numbers` are their subsets, or empty.
    mutating func add(patches: Tensor?, of numbers: [Int]) {
        let values: [Float] = patches?.array() ?? []
        for (index, value) in values.enumerated() {
            let subset = numbers.isEmpty ? nil : numbers[index]
            add(Double(value), numbersAPatch, term: 1, subset: subset)
        }
    }

    /// The terms of all ranks.
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
