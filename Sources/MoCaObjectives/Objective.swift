// Training objectives. An objective runs the whole step (encode, gather over ranks, loss,
// backward), so that accumulation, gradient caching and several processes fit without change.

import Foundation

/// A term of a loss: a sum and a count over all microbatches and ranks, divided once.
package struct LossTerm: Sendable, Hashable {
    /// The name in metrics, such as `mlm_loss`.
    package var name: String
    /// The factor of the term's mean in the loss.
    package var weight: Double
    package var sum: Double
    package var count: Int

    package init(_ name: String, weight: Double = 1, sum: Double, count: Int) {
        (self.name, self.weight) = (name, weight)
        (self.sum, self.count) = (sum, count)
    }

    /// The mean of the term; 0 when `count` is 0.
    package var mean: Double { count == 0 ? 0 : sum / Double(count) }
}

/// The loss terms of one step.
package struct LossTerms: Sendable, Hashable {
    package var terms: [LossTerm]
    /// The terms of each subset, when the subsets of samples are known.
    package var subsets: [String: [LossTerm]] = [:]

    package init(_ terms: [LossTerm], subsets: [String: [LossTerm]] = [:]) {
        (self.terms, self.subsets) = (terms, subsets)
    }

    /// The weighted sum of the terms' means.
    package var loss: Double { terms.reduce(0) { $0 + $1.weight * $1.mean } }
}

/// A training objective with its model and loss.
package protocol Objective<Batch> {
    /// The type of a microbatch.
    associatedtype Batch

    /// Adds this rank's contribution to the parameters' gradients and returns the loss terms over
    /// all ranks. The loss covers all `batches` of all ranks together; its gradient is the sum of
    /// the ranks' gradients.
    func step(_ batches: [Batch], over collectives: any Collectives) -> LossTerms
}
