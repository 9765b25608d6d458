// Training objectives. An objective runs the whole step (encode, gather over ranks, loss,
// backward), so that accumulation, gradient caching and several processes fit without change.

import Foundation
package import Torch

/// A term of a loss, summed over all microbatches and ranks and divided once.
package struct LossTerm: Sendable, Hashable {
    /// The name in metrics, such as `mlm_loss`.
    package var name: String
    package var total: WeightedSum

    package init(_ name: String, _ total: WeightedSum) {
        (self.name, self.total) = (name, total)
    }
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
    package var loss: Double { terms.reduce(0) { $0 + $1.total.weight * $1.total.mean } }
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
