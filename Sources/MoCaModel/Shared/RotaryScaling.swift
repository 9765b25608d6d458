// The change of rotary frequencies that extends a model to sequences longer than those of its early
// training.

import Foundation
import MoCaSettings

/// How the frequencies of a decoder's rotary positions are changed.
package enum RotaryScaling: Sendable, Hashable {
    /// They are not.
    case none
    /// The rule of Llama 3.1 (arXiv 2407.21783, section 3.4.2, and its released code).
    case llama3(Llama3Scaling)
    /// Two sets of divisors, for short and for long sequences (LongRoPE, arXiv 2402.13753).
    case longRope(LongRopeScaling)

    /// The frequencies, changed; computed in float32, as transformers does.
    func callAsFunction(_ frequencies: [Float]) -> [Float] {
        switch self {
        case .none, .longRope: frequencies
        case .llama3(let scaling): frequencies.map { scaling($0) }
        }
    }

    /// The value of `rope_scaling` in `config.json`; nil if nothing is changed.
    ///
    /// - Parameter maxPositions: the number of the decoder's positions.
    func fileValue(maxPositions: Int) -> JSON? {
        switch self {
        case .none: nil
        case .llama3(let scaling):
            .object([
                "rope_type": .string("llama3"),
                "factor": .number(scaling.factor),
                "low_freq_factor": .number(scaling.lowFactor),
                "high_freq_factor": .number(scaling.highFactor),
                "original_max_position_embeddings": .integer(scaling.originalPositions),
            ])
        case .longRope(let scaling):
            .object(scaling.fileEntries(maxPositions: maxPositions))
        }
    }
}

/// The numbers of Llama 3.1's rule: frequencies whose waves are longer than the early sequences are
/// divided, those of much shorter waves are kept, and those between are mixed.
package struct Llama3Scaling: Sendable, Hashable {
    /// The divisor of low frequencies.
    package var factor: Double
    /// The waves of a frequency in an early sequence up to which it is low.
    package var lowFactor: Double
    /// The waves of a frequency in an early sequence from which it is high.
    package var highFactor: Double
    /// The length of the early sequences, in tokens.
    package var originalPositions: Int

    /// The changed frequency.
    func callAsFunction(_ frequency: Float) -> Float {
        let (low, high) = (Float(lowFactor), Float(highFactor))
        let (length, divided) = (Float(originalPositions), frequency / Float(factor))
        let wave = 2 * Float.pi / frequency
        if wave > length / low { return divided }
        if wave < length / high { return frequency }
        let share = (length / wave - low) / (high - low)
        return (1 - share) * divided + share * frequency
    }
}

extension RotaryScaling {
    /// Reads the rotary section of a `config.json`; problems are added to its context.
    ///
    /// - Parameter hasSingleAxis: whether positions have one axis, as those of Llama; others are
    ///   not scaled.
    /// - Parameter text: the section of the decoder, which states the lengths of sequences.
    init(_ section: Section, hasSingleAxis: Bool, in text: Section) {
        self = .none
        let known = ["default"] + (hasSingleAxis ? ["llama3", "longrope", "su"] : ["mrope"])
        // Newer files state both keys.
        for key in ["rope_type", "type"] {
            guard let kind = section.optionalString(key) else { continue }
            if !known.contains(kind) {
                let names =
                    known.dropLast().joined(separator: ", ") + " and " + known[known.count - 1]
                section.context.add(
                    section.keyPath(key), "is \"\(kind)\": only \(names) are computed")
            } else if kind == "llama3", self == .none {
                self = .llama3(Llama3Scaling(section))
            } else if ["longrope", "su"].contains(kind), self == .none {
                self = .longRope(LongRopeScaling(section, in: text))
            }
        }
    }
}

extension Llama3Scaling {
    /// Reads the rotary section of a `config.json`; problems are added to its context.
    fileprivate init(_ section: Section) {
        factor = section.number("factor")
        lowFactor = section.number("low_freq_factor")
        highFactor = section.number("high_freq_factor")
        originalPositions = section.count("original_max_position_embeddings")
        section.context.require(
            section.keyPath("factor"), reason: "is \(factor), must be at least 1",
            if: { factor >= 1 })
        section.context.require(
            section.keyPath("high_freq_factor"), section.keyPath("low_freq_factor"),
            reason: "is \(highFactor), must be over low_freq_factor \(lowFactor), which must be "
                + "positive",
            if: { lowFactor > 0 && highFactor > lowFactor })
    }
}
