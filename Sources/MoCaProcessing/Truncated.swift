// Counts of what truncation removed.

/// The numbers of truncated contents and of their removed tokens and images.
package struct Truncated: Sendable, Hashable, Codable {
    package var contents = 0
    /// The number of removed tokens, including those of images.
    package var tokens = 0
    /// The number of removed images; an image is never cut.
    package var images = 0

    /// Creates the counts of a content that was not truncated.
    package init() {}

    /// Creates the counts of one content.
    package init(tokens: Int, images: Int) {
        contents = tokens > 0 ? 1 : 0
        self.tokens = tokens
        self.images = images
    }

    /// Creates the counts of all `outlines`.
    package init(_ outlines: [InputOutline]) {
        self = outlines.reduce(into: Truncated()) { $0 += $1.truncated }
    }

    /// Adds the counts of other contents.
    package static func += (counts: inout Truncated, others: Truncated) {
        counts.contents += others.contents
        counts.tokens += others.tokens
        counts.images += others.images
    }
}
