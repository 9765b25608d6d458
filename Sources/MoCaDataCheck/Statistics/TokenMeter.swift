// Counts the exact tokens of contents, as training would see them.

package import MoCaCore
package import MoCaProcessing

/// Prices in batches by cost: a text token costs 1, an image token and an image their price.
package struct TokenPrices: Sendable, Hashable {
    package var imageToken: Int
    package var image: Int

    /// The prices; the defaults are those of MoCa.
    package init(imageToken: Int = 4, image: Int = 2) {
        (self.imageToken, self.image) = (imageToken, image)
    }
}

/// The number of tokens of each type.
package struct TokenCount: Sendable, Hashable {
    /// Tokens of text; the two markers of an image are part of its price.
    package var text = 0
    /// Tokens of images, without markers.
    package var image = 0
    package var images = 0
    /// Tokens of the longest content, including markers.
    package var longest = 0

    package init() {}

    /// The counts of one outline.
    package init(_ outline: InputOutline) {
        images = outline.images.count
        image = outline.imageTokenCount
        text = outline.ids.count - outline.imageTokenCount - 2 * images
        longest = outline.ids.count
    }

    /// Adds the counts of another content of the same record.
    package mutating func add(_ other: TokenCount) {
        text += other.text
        image += other.image
        images += other.images
        longest = max(longest, other.longest)
    }

    /// The cost in batches by cost.
    package func cost(_ prices: TokenPrices) -> Int {
        max(1, text + prices.imageToken * image + prices.image * images)
    }
}

/// Counts tokens after prompt, tokenizer, smart resize and truncation.
package struct TokenMeter: Sendable {
    /// Adds the training prompt to a content, given its side and the name of the subset.
    package typealias Prompt = @Sendable (Content, RecordPart.Side, String) -> Content

    package let processor: Processor
    package let prompt: Prompt
    /// The most negatives of a record that training uses.
    package let negativesMax: Int
    /// A text that changes with every setting that affects a count.
    package let fingerprint: String
    /// The truncation of contents over the limit; nil if there is no limit.
    package var truncation: Truncation? { processor.truncation }

    /// Makes a meter that counts like `processor`.
    ///
    /// - Parameter fingerprint: A text that differs if `processor`, `prompt` or `negativesMax`
    ///   differ.
    package init(
        _ processor: Processor, negativesMax: Int = .max, fingerprint: String = "",
        prompt: @escaping Prompt = { content, _, _ in content }
    ) {
        (self.processor, self.prompt) = (processor, prompt)
        (self.negativesMax, self.fingerprint) = (negativesMax, fingerprint)
    }

    /// The outline of one content.
    ///
    /// - Throws: as `Processor.outline`.
    func outline(_ part: RecordPart, subset: String) throws -> InputOutline {
        try processor.outline(prompt(part.content, part.side, subset))
    }
}
