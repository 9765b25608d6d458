// Contents to exact numbers of tokens, as training would see them.

package import MoCaCore
package import MoCaProcessing

/// What a content costs in batches by cost: a text token 1, an image token and an image their price.
package struct TokenPrices: Sendable, Hashable {
    package var imageToken: Int
    package var image: Int

    /// The prices; MoCa's by default.
    package init(imageToken: Int = 4, image: Int = 2) {
        (self.imageToken, self.image) = (imageToken, image)
    }
}

/// How many tokens of which kind something has.
package struct TokenCount: Sendable, Hashable {
    /// Tokens of text; the two markers of an image belong to its price.
    package var text = 0
    /// Tokens of images, without their markers.
    package var image = 0
    package var images = 0
    /// The longest of its contents, markers included.
    package var longest = 0

    package init() {}

    /// The counts of one outline.
    package init(_ outline: InputOutline) {
        images = outline.images.count
        image = outline.imageTokenCount
        text = outline.ids.count - outline.imageTokenCount - 2 * images
        longest = outline.ids.count
    }

    /// Adds another content of the same record.
    package mutating func add(_ other: TokenCount) {
        text += other.text
        image += other.image
        images += other.images
        longest = max(longest, other.longest)
    }

    /// What a batch by cost takes for it.
    package func cost(_ prices: TokenPrices) -> Int {
        max(1, text + prices.imageToken * image + prices.image * images)
    }
}

/// Counts tokens: prompt, tokenizer, smart resize, truncation.
package struct TokenMeter: Sendable {
    /// Puts around a content what training puts around it: side, name of the subset.
    package typealias Prompt = @Sendable (Content, RecordPart.Side, String) -> Content

    package let processor: Processor
    package let prompt: Prompt
    /// Negatives of a record that training uses, at most.
    package let negativesMax: Int
    /// Changes whenever anything changes that decides a count.
    package let fingerprint: String
    /// What a too long content means; nil where there is no limit.
    package var truncation: Truncation? { processor.truncation }

    /// Counts as `processor` does.
    ///
    /// - Parameter fingerprint: A text that is another one where `processor`, `prompt` or
    ///   `negativesMax` are.
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
