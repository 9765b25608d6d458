// Truncation of inputs longer than a limit.

package import MoCaCore

/// A limit on the number of tokens of an input.
package struct Truncation: Sendable, Hashable {
    package var maxLength: Int
    package var policy: TruncationPolicy

    package init(maxLength: Int, policy: TruncationPolicy) {
        (self.maxLength, self.policy) = (maxLength, policy)
    }

    /// The number of tokens to keep, with image blocks (marker, image tokens, marker) at `blocks`.
    ///
    /// Text is cut anywhere; a block that does not fit is dropped whole, with everything after it.
    /// The policies `end` and `reference` keep the same tokens (see `TruncationPolicy.reference`).
    ///
    /// - Parameter reserved: the number of further tokens, which are always kept.
    /// - Throws: `ProcessingError.tooLong` if the policy is `error`.
    func keptCount(
        of count: Int, blocks: [Range<Int>], reserving reserved: Int = 0
    ) throws(ProcessingError) -> Int {
        guard count + reserved > maxLength else { return count }
        guard policy != .error else {
            throw .tooLong(tokens: count + reserved, maxLength: maxLength)
        }
        let limit = max(0, maxLength - reserved)
        let cut = blocks.first { $0.lowerBound < limit && limit < $0.upperBound }
        return cut?.lowerBound ?? limit
    }
}
