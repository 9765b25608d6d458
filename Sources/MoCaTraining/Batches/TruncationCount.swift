// Counts of what `data.max_length` removed.

import MoCaProcessing

/// The numbers of truncated contents and of their removed tokens and images.
package struct TruncationCount: Sendable, Hashable, Codable {
    package var contents = 0
    package var tokens = 0
    /// The number of removed images; an image is never cut.
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
