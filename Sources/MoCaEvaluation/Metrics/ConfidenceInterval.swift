// 95 % intervals. Those of means are in Resampling.swift.

import Foundation

/// An interval that contains the true value in 95 % of repetitions.
package struct ConfidenceInterval: Sendable, Hashable {
    package let lower: Double
    package let upper: Double

    package init(lower: Double, upper: Double) {
        self.lower = lower
        self.upper = upper
    }

    /// The 97.5 % quantile of the normal distribution.
    private static let quantile = 1.959963984540054

    /// Wilson's interval of a proportion (Wilson 1927, without continuity correction). It stays
    /// inside [0, 1] and has a positive width at 0 and 1.
    ///
    /// - Parameter count: the number of trials, above 0.
    package static func wilson(successes: Int, count: Int) -> ConfidenceInterval {
        precondition(count > 0 && successes >= 0 && successes <= count, "no proportion")
        let n = Double(count)
        let share = Double(successes) / n
        let square = quantile * quantile
        let centre = (share + square / (2 * n)) / (1 + square / n)
        let half =
            quantile * (share * (1 - share) / n + square / (4 * n * n)).squareRoot()
            / (1 + square / n)
        return ConfidenceInterval(
            lower: successes == 0 ? 0 : centre - half, upper: successes == count ? 1 : centre + half
        )
    }
}

extension ConfidenceInterval: Codable {
    /// Reads `[lower, upper]`.
    package init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        lower = try values.decode(Double.self)
        upper = try values.decode(Double.self)
    }

    /// Writes `[lower, upper]`.
    package func encode(to encoder: any Encoder) throws {
        var values = encoder.unkeyedContainer()
        try values.encode(lower)
        try values.encode(upper)
    }
}
