// The one rule by which lists of inputs are cut into batches of limited cost. It lies on the floor
// because packed inputs, training batches and the embedder all cut by it.

/// The most tokens that inputs which are computed together may have.
///
///     TokenBudget(10).ranges(of: [4, 5, 3, 20])   // [0..<2, 2..<3, 3..<4]
package struct TokenBudget: Sendable, Hashable {
    /// The limit, which only an input that is longer by itself exceeds.
    package let tokensMax: Int

    package init(_ tokensMax: Int) {
        self.tokensMax = tokensMax
    }

    /// Cuts a list of token counts, in its order, into neighbours that fit the budget together.
    ///
    /// Each range is as long as the budget allows. A count beyond the budget has a range of its own.
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
