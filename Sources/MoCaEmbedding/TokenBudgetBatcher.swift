// Batches of inputs that go through the model together.

import MoCaCore

/// Sorts inputs by length and cuts them into batches within a token budget.
///
/// Inputs of similar length share a batch, so that none of them waits long for another.
package struct TokenBudgetBatcher: Sendable, Hashable {
    /// The token budget of a batch; a longer input is a batch of its own.
    package let tokenCountMax: Int

    package init(tokenCountMax: Int) {
        self.tokenCountMax = tokenCountMax
    }

    /// The indices of the inputs of each batch, shortest inputs first.
    ///
    /// - Parameter lengths: the tokens of each input; inputs without tokens are in no batch.
    package func batches(ofLengths lengths: [Int]) -> [[Int]] {
        let order = lengths.indices.filter { lengths[$0] > 0 }
            .sorted { (lengths[$0], $0) < (lengths[$1], $1) }
        return TokenBudget(tokenCountMax).ranges(of: order.map { lengths[$0] })
            .map { Array(order[$0]) }
    }
}
