// Which inputs go through the model together.

import MoCaCore

/// Sorts inputs by length and cuts them into batches of a number of tokens.
///
/// Inputs of like length share a batch, so that none of them waits long for another.
package struct TokenBudgetBatcher: Sendable, Hashable {
    /// Tokens of a batch at most; a longer input is a batch of its own.
    package let tokenCountMax: Int

    package init(tokenCountMax: Int) {
        self.tokenCountMax = tokenCountMax
    }

    /// The batches of inputs, as their indices, shortest inputs first.
    ///
    /// - Parameter lengths: the tokens of each input; inputs without tokens are in no batch.
    package func batches(ofLengths lengths: [Int]) -> [[Int]] {
        let order = lengths.indices.filter { lengths[$0] > 0 }
            .sorted { (lengths[$0], $0) < (lengths[$1], $1) }
        return TokenBudget(tokenCountMax).ranges(of: order.map { lengths[$0] })
            .map { Array(order[$0]) }
    }
}
