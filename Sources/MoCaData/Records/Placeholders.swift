// Placeholders of images in a text.

package import MoCaCore
package import MoCaTables

/// The set of texts that are placeholders of an image.
package enum PlaceholderSyntax: Sendable {
    /// `<|vision_start|><|image_pad|><|vision_end|>`, for records of `moca embed`.
    case vision
    /// `vision`, and `<|image_1|>`, which training and evaluation sets use.
    case anyKnown
}

/// Splits texts at their placeholders.
package enum Placeholders {
    /// The placeholder in the model's vocabulary.
    package static let vision = "<|vision_start|><|image_pad|><|vision_end|>"
    /// Image tokens, none of which may occur in plain text.
    private static let imageTokens = [
        "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>",
    ]

    /// The texts between placeholders: one more than there are placeholders.
    package static func split(_ text: String, _ syntax: PlaceholderSyntax) -> [String] {
        // Fast path: most texts have no placeholder.
        guard text.utf8.contains(UInt8(ascii: "<")) else { return [text] }
        var texts: [String] = []
        var start = text.utf8.startIndex
        var position = start
        while let open = text.utf8[position...].firstIndex(of: UInt8(ascii: "<")) {
            if let end = endOfPlaceholder(text.utf8[open...], syntax) {
                texts.append(String(text[start..<open]))
                start = end
                position = end
            } else {
                position = text.utf8.index(after: open)
            }
        }
        texts.append(String(text[start...]))
        return texts
    }

    private static func endOfPlaceholder(
        _ bytes: Substring.UTF8View, _ syntax: PlaceholderSyntax
    ) -> String.Index? {
        if bytes.starts(with: vision.utf8) {
            return bytes.index(bytes.startIndex, offsetBy: vision.utf8.count)
        }
        let numbered = "<|image_"
        guard syntax == .anyKnown, bytes.starts(with: numbered.utf8) else { return nil }
        let digits = bytes.dropFirst(numbered.utf8.count)
        let rest = digits.drop { $0 >= 0x30 && $0 <= 0x39 }
        guard rest.count < digits.count, rest.starts(with: "|>".utf8) else { return nil }
        return rest.index(rest.startIndex, offsetBy: 2)
    }

    /// The first image token in a plain text; nil if there is none.
    package static func strayToken(in text: String) -> String? {
        var position = text.utf8.startIndex
        while let open = text.utf8[position...].firstIndex(of: UInt8(ascii: "<")) {
            let rest = text.utf8[open...]
            position = text.utf8.index(after: open)
            guard rest.dropFirst().first == UInt8(ascii: "|") else { continue }
            if let token = imageTokens.first(where: { rest.starts(with: $0.utf8) }) {
                return token
            }
        }
        return nil
    }
}

extension Content {
    /// Puts images at the placeholders of a text. A text without placeholders follows its images.
    ///
    /// - Parameters:
    ///   - text: The text, possibly with placeholders.
    ///   - images: One image for each placeholder, in order.
    ///   - dropsPlaceholders: Whether placeholders are removed if there are no images.
    ///   - location: The record, for errors.
    ///   - field: The column of the text, for errors.
    /// - Throws: `DataError.placeholderCount`, `.strayImageToken`, `.emptyContent`.
    package init(
        text: String, images: [ImageSource], syntax: PlaceholderSyntax, dropsPlaceholders: Bool,
        location: RecordLocation, field: String
    ) throws {
        var texts = Placeholders.split(text, syntax)
        for text in texts {
            if let token = Placeholders.strayToken(in: text) {
                throw DataError.strayImageToken(location, field: field, token: token)
            }
        }
        if images.isEmpty, dropsPlaceholders { texts = [texts.joined()] }
        let placeholders = texts.count - 1
        guard placeholders == images.count || placeholders == 0 else {
            throw DataError.placeholderCount(
                location, field: field, placeholders: placeholders, images: images.count)
        }
        var segments: [Segment] = []
        if placeholders == 0 {
            segments = images.map { .image($0) }
            if !texts[0].isEmpty { segments.append(.text(texts[0])) }
        } else {
            for (index, text) in texts.enumerated() {
                if !text.isEmpty { segments.append(.text(text)) }
                if index < images.count { segments.append(.image(images[index])) }
            }
        }
        guard !segments.isEmpty else {
            throw DataError.emptyContent(location, field: field)
        }
        self.init(segments, isArranged: placeholders > 0)
    }
}
