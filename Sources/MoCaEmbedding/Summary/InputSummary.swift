// How a model's inputs are prepared, for `moca model info`.

import MoCaCore
import MoCaImage
import MoCaModel
import MoCaProcessing

/// The prompts and the limits of inputs that a model's files select.
package struct InputSummary: Sendable, Encodable {
    var prompts: [PromptRule.Description]
    /// The least and the greatest number of pixels of an image; nil for images in squares.
    var pixels: [Int]?
    /// The side of the squares that images are cut into, in pixels; nil for none.
    var tileSize: Int?
    /// Which orientation tags of image files are applied.
    var orientation: String
    /// The number of tokens of an input at most; nil if nothing is cut.
    var maxLength: Int?
    /// What happens to a longer input.
    var truncation: String?
    /// Whether vectors have unit length.
    var isNormalized: Bool

    enum CodingKeys: String, CodingKey {
        case prompts, pixels, orientation, truncation
        case tileSize = "tile_size"
        case maxLength = "max_length"
        case isNormalized = "normalize"
    }

    init(_ settings: EmbedderSettings, _ processor: ImageProcessorConfiguration) {
        prompts = settings.rules.prompt.descriptions
        tileSize = processor.fitting.tileSize
        if tileSize == nil {
            pixels = settings.budget.map { [$0.minPixels, $0.maxPixels] }
        }
        orientation = settings.orientation.rawValue
        maxLength = settings.truncation?.maxLength
        truncation = settings.truncation?.policy.rawValue
        isNormalized = settings.pooling.isNormalized
    }

    /// The names and values to show.
    var rows: [(name: String, value: String)] {
        var rows: [(name: String, value: String)] = prompts.map {
            ("prompt", "\($0.contents): \($0.template.debugDescription)")
        }
        if prompts.isEmpty { rows.append(("prompts", "none")) }
        if let pixels { rows.append(("pixels of an image", "\(pixels[0]) to \(pixels[1])")) }
        if let tileSize { rows.append(("images", "in squares of \(tileSize) pixels a side")) }
        rows.append(("orientation", orientation))
        let length = maxLength.map { "at most \($0) tokens, then \(truncation ?? "")" }
        rows.append(("input length", length ?? "not limited"))
        rows.append(("vectors", isNormalized ? "of unit length" : "not normalised"))
        return rows
    }
}
