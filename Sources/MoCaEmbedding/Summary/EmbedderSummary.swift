// The rules by which a model embeds, for `moca model info`.

import MoCaCore
import MoCaImage
import MoCaProcessing

/// The rules that a model's files select.
package struct EmbedderSummary: Sendable, Encodable {
    var name: String
    var attention: String
    /// `mean`, `last`, or `tokens` for a vector for each token.
    var pooling: String
    var positions: String
    var alpha: String
    /// The limits on the tokens of an image; nil for those of the image processor.
    var imageTokens: [Int]?
    var instruction: String?

    enum CodingKeys: String, CodingKey {
        case name, attention, pooling, positions, alpha, instruction
        case imageTokens = "image_tokens"
    }

    init(_ rules: EmbedderRules) {
        name = rules.name
        attention = rules.attention.rawValue
        pooling = rules.isMultiVector ? "tokens" : rules.pooling.rawValue
        positions = rules.positions.rawValue
        alpha = rules.images.alpha.rawValue
        if case .fixed(let tokens)? = rules.limits {
            imageTokens = [tokens.lowerBound, tokens.upperBound]
        }
        instruction = rules.prompt.instruction?.standard
    }

    /// One line of text.
    var line: String {
        let parts: [String?] = [
            name, attention, pooling, "positions \(positions)", "alpha \(alpha)",
            imageTokens.map { "image tokens \($0[0]) to \($0[1])" },
            instruction.map { "instruction \"\($0)\"" },
        ]
        return parts.compactMap { $0 }.joined(separator: ", ")
    }
}
