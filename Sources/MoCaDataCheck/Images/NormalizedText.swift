// Texts in the form in which they are compared.

import Foundation

/// Texts as they are compared: compatibility forms, letter case and spaces do not count.
package enum NormalizedText {
    /// Words of `text`, one space apart.
    package static func make(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 < 0x80 }
        let folded =
            isPlain ? text : text.precomposedStringWithCompatibilityMapping
        return folded.lowercased().unicodeScalars.split { $0.properties.isWhitespace }
            .map { String($0) }.joined(separator: " ")
    }

    /// What follows an instruction that ends in a colon, where it is long enough to mean something;
    /// `text` is normalised.
    package static func tail(of text: String) -> String? {
        guard let range = text.firstRange(of: ": ") else { return nil }
        let tail = text[range.upperBound...]
        return tail.utf8.count >= 20 ? String(tail) : nil
    }
}
