// What a training step computes: an objective runs it whole (encode, gather over ranks, loss,
// backward), so that accumulation, large-batch caching and several processes fit without change.

import Foundation

/// One term of a loss: a sum over things and their number, divided once, over all micro-batches and
/// ranks.
package struct LossTerm: Sendable, Hashable {
    /// The name in metrics, such as `mlm_loss`.
    package var name: String
    /// What the term's mean is multiplied by in the loss.
    package var weight: Double
    package var sum: Double
    package var count: Int

    package init(_ name: String, weight: Double = 1, sum: Double, count: Int) {
        (self.name, self.weight) = (name, weight)
        (self.sum, self.count) = (sum, count)
    }

    /// 0 where nothing was counted.
    package var mean: Double { count == 0 ? 0 : sum / Double(count) }
}

/// The terms of one step.
package struct LossTerms: Sendable, Hashable {
    package var terms: [LossTerm]
    /// The shares of single subsets in the terms, where samples are known by subset.
    package var subsets: [String: [LossTerm]] = [:]

    package init(_ terms: [LossTerm], subsets: [String: [LossTerm]] = [:]) {
        (self.terms, self.subsets) = (terms, subsets)
    }

    /// The weighted sum of the terms' means.
    package var loss: Double { terms.reduce(0) { $0 + $1.weight * $1.mean } }
}

/// A training objective, which owns the model and the loss.
package protocol Objective<Batch> {
    /// One micro-batch.
    associatedtype Batch

    /// Adds this rank's part of the loss's gradients to those of the parameters, and returns the
    /// terms of the loss over all ranks. The loss is that of all `batches` of all ranks taken
    /// together; the sum of the ranks' gradients is its gradient.
    func step(_ batches: [Batch], over collectives: any Collectives) -> LossTerms
}
