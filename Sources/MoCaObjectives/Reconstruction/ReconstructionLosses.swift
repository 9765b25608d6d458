// The losses of a reconstruction step over masked tokens and patches, in total and by subset.
// Shapes: M masked tokens, P masked patches.

import Torch

/// Accumulates the losses of tokens and patches.
struct ReconstructionLosses {
    private enum Term: Int {
        case mlmLoss, maeLoss, mlmAccuracy
    }

    private let subsets: [String]
    private let valuesPerPatch: Int
    /// The first row is the total, each other row a subset.
    private var accumulator: LossAccumulator

    /// Creates an accumulator without losses.
    ///
    /// - Parameters:
    ///   - subsets: the names of the subsets whose losses are kept apart.
    ///   - valuesPerPatch: the number of squared errors in the loss of a patch.
    init(subsets: [String], valuesPerPatch: Int, maeWeight: Double) {
        self.subsets = subsets
        self.valuesPerPatch = valuesPerPatch
        accumulator = LossAccumulator(
            [
                .init("mlm_loss"), .init("mae_loss", weight: maeWeight),
                .init("mlm_accuracy", weight: 0),
            ], rowCount: 1 + subsets.count)
    }

    private mutating func add(_ sum: Double, count: Int, term: Term, subset: Int?) {
        accumulator.add(sum, count: count, term: term.rawValue, row: 0)
        if let subset {
            accumulator.add(sum, count: count, term: term.rawValue, row: subset + 1)
        }
    }

    /// Adds the losses and correctness of tokens `[M, 2]`.
    ///
    /// - Parameter subsets: the index of each token's subset; empty if unknown.
    mutating func add(tokens: Tensor?, subsets: [Int]) {
        let values: [Float] = tokens?.array() ?? []
        for index in 0..<values.count / 2 {
            let subset = subsets.isEmpty ? nil : subsets[index]
            add(Double(values[2 * index]), count: 1, term: .mlmLoss, subset: subset)
            add(Double(values[2 * index + 1]), count: 1, term: .mlmAccuracy, subset: subset)
        }
    }

    /// Adds the squared errors of patches `[P]`.
    ///
    /// - Parameter subsets: the index of each patch's subset; empty if unknown.
    mutating func add(patches: Tensor?, subsets: [Int]) {
        let values: [Float] = patches?.array() ?? []
        for (index, value) in values.enumerated() {
            let subset = subsets.isEmpty ? nil : subsets[index]
            add(Double(value), count: valuesPerPatch, term: .maeLoss, subset: subset)
        }
    }

    /// Returns the loss terms over all ranks.
    func terms(over collectives: any Collectives) -> LossTerms {
        let rows = accumulator.rows(over: collectives)
        let found = zip(subsets, rows.dropFirst())
            .filter { _, terms in terms.contains { $0.total.count > 0 } }
        return LossTerms(rows[0], subsets: Dictionary(uniqueKeysWithValues: found))
    }
}
