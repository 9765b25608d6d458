// What `data.max_length` cut off.

import MoCaProcessing

/// Contents that were cut, and what they lost.
package struct TruncationCount: Sendable, Hashable, Codable {
    package var contents = 0
    package var tokens = 0
    /// Whole images; none is ever cut.
    package var images = 0

    package init() {}

    init(_ outlines: [InputOutline]) {
        for outline in outlines where outline.dropped.tokens > 0 {
            contents += 1
            tokens += outline.dropped.tokens
            images += outline.dropped.images
        }
    }

    static func += (count: inout TruncationCount, other: TruncationCount) {
        count.contents += other.contents
        count.tokens += other.tokens
        count.images += other.images
    }
}
