// The one rule that cuts lists of inputs into batches of limited cost. It is in this target because
// packed inputs, training batches and the embedder all use it.

/// The maximum number of tokens of inputs that are computed together.
///
///     TokenBudget(10).ranges(of: [4, 5, 3, 20])   // [0..<2, 2..<3, 3..<4]
package struct TokenBudget: Sendable, Hashable {
    /// The limit, exceeded only by a single input that is longer.
    package let tokensMax: Int

    package init(_ tokensMax: Int) {
        self.tokensMax = tokensMax
    }

    /// Cuts a list of token counts, in its order, into ranges that each fit the budget.
    ///
    /// Each range is as long as the budget allows. A count beyond the budget has a range of its
    /// own.
    package func ranges(of tokenCounts: [Int]) -> [Range<Int>] {
        var (ranges, first, tokens) = ([Range<Int>](), 0, 0)
        for (index, count) in tokenCounts.enumerated() {
            if index > first, tokens + count > tokensMax {
                ranges.append(first..<index)
                (first, tokens) = (index, 0)
            }
            tokens += count
        }
        if first < tokenCounts.count { ranges.append(first..<tokenCounts.count) }
        return ranges
    }
}
