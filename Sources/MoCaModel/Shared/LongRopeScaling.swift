// LongRoPE (arXiv 2402.13753), as Phi-3 uses it: long sequences rotate by other frequencies than short
// ones, and both by longer vectors.

import Foundation
import MoCaSettings

/// The numbers of LongRoPE's rule.
package struct LongRopeScaling: Sendable, Hashable {
    /// The divisor of each frequency in sequences of at most `originalPositions` tokens.
    package var shortDivisors: [Float]
    /// The divisor of each frequency in longer sequences.
    package var longDivisors: [Float]
    /// The length of the sequences of early training, in tokens.
    package var originalPositions: Int
    /// The factor of cosines and sines.
    package var magnitude: Double

    /// The factor of cosines and sines of a model for sequences of `maxPositions` tokens:
    /// `sqrt(1 + ln(maxPositions / originalPositions) / ln(originalPositions))`.
    static func magnitude(maxPositions: Int, originalPositions: Int) -> Double {
        let ratio = Double(maxPositions) / Double(originalPositions)
        guard ratio > 1, originalPositions > 1 else { return 1 }
        return (1 + log(ratio) / log(Double(originalPositions))).squareRoot()
    }
}

extension LongRopeScaling {
    /// Reads the rotary section of a `config.json`; problems are added to its context.
    ///
    /// - Parameter text: the section of the decoder, which states the lengths of sequences.
    init(_ section: Section, in text: Section) {
        let key = "original_max_position_embeddings"
        originalPositions = (section[key] == nil ? text : section).count(key)
        let most = text.count("max_position_embeddings")
        magnitude = section.number(
            "attention_factor",
            default: Self.magnitude(maxPositions: most, originalPositions: originalPositions))
        let pairs = text.count("hidden_size") / text.count("num_attention_heads") / 2
        func divisors(_ key: String) -> [Float] {
            let values = section.numbers(key) ?? []
            section.context.require(
                section.keyPath(key), text.keyPath("hidden_size"),
                reason: "has \(values.count) numbers, must have \(pairs) positive ones, one for "
                    + "each frequency",
                if: { values.count == pairs && values.allSatisfy { $0 > 0 } })
            return values.map { Float($0) }
        }
        shortDivisors = divisors("short_factor")
        longDivisors = divisors("long_factor")
    }

    /// The entries of the rotary section, in a decoder with `maxPositions` positions.
    func fileEntries(maxPositions: Int) -> JSONObject {
        var object: JSONObject = [
            // The name in the files of Phi-3, which newer readers accept too.
            "type": .string("su"),
            "short_factor": .array(shortDivisors.map { .number(Double($0)) }),
            "long_factor": .array(longDivisors.map { .number(Double($0)) }),
        ]
        let usual = Self.magnitude(
            maxPositions: maxPositions, originalPositions: originalPositions)
        // Released code refuses other entries than the three above.
        if magnitude != usual { object["attention_factor"] = .number(magnitude) }
        return object
    }
}
