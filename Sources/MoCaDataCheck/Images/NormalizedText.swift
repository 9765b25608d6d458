// Normalises texts for comparison.

import Foundation

/// Texts normalised for comparison: compatibility forms, letter case and spaces are ignored.
package enum NormalizedText {
    /// The words of `text`, separated by single spaces.
    package static func make(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 < 0x80 }
        let folded =
            isPlain ? text : text.precomposedStringWithCompatibilityMapping
        return folded.lowercased().unicodeScalars.split { $0.properties.isWhitespace }
            .map { String($0) }.joined(separator: " ")
    }

    /// The text after an instruction that ends in a colon, if it is long enough to be significant;
    /// `text` is normalised.
    package static func tail(of text: String) -> String? {
        guard let range = text.firstRange(of: ": ") else { return nil }
        let tail = text[range.upperBound...]
        return tail.utf8.count >= 20 ? String(tail) : nil
    }
}
