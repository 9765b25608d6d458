// The scale of an axis: coordinates of values, and tick values.

import Foundation

/// One axis of a chart.
struct ChartAxis {
    /// The values that get a grid line and a label.
    let ticks: [Double]
    private let lower: Double
    private let upper: Double
    private let start: Double
    private let end: Double
    private let isLogarithmic: Bool

    /// An axis for finite `values` from coordinate `start` to coordinate `end`.
    ///
    /// On a logarithmic axis, values below 1 are drawn at 1.
    init(
        _ values: [Double], from start: Double, to end: Double, isLogarithmic: Bool, tickCount: Int
    ) {
        self.start = start
        self.end = end
        self.isLogarithmic = isLogarithmic
        let least = values.min() ?? 0
        let greatest = values.max() ?? 1
        if isLogarithmic {
            lower = log10(max(1, least))
            upper = max(log10(max(1, greatest)), lower + 0.1)
            ticks = Self.logarithmicTicks(lower, upper)
        } else {
            let spread = greatest - least
            // Room between curves and frame, and a scale even for a single value.
            let isFlat = !(spread > abs(greatest) * 1e-9)
            let room = isFlat ? max(abs(greatest) * 0.1, 0.5) : spread * 0.04
            lower = least - room
            upper = greatest + room
            ticks = Self.linearTicks(lower, upper, count: tickCount)
        }
    }

    /// The coordinate of `value`.
    func place(_ value: Double) -> Double {
        let position = isLogarithmic ? log10(max(1, value)) : value
        return start + (end - start) * (position - lower) / (upper - lower)
    }

    /// Multiples of 1, 2 or 5 times a power of ten.
    private static func linearTicks(_ lower: Double, _ upper: Double, count: Int) -> [Double] {
        let rough = (upper - lower) / Double(count)
        guard rough.isFinite, rough > 0 else { return [] }
        let power = pow(10, floor(log10(rough)))
        let stride = ([1, 2, 5, 10].first { $0 * power >= rough } ?? 10) * power
        let first = Int((lower / stride).rounded(.up))
        let last = Int((upper / stride).rounded(.down))
        guard first <= last else { return [] }
        return (first...last).map { Double($0) * stride }
    }

    /// Powers of ten, plus their multiples by two and five if they are few.
    private static func logarithmicTicks(_ lower: Double, _ upper: Double) -> [Double] {
        let digits: [Double] = upper - lower < 4 ? [1, 2, 5] : [1]
        return (Int(lower)...Int(upper)).flatMap { power in
            digits.map { $0 * pow(10, Double(power)) }
        }.filter { (lower - 1e-9...upper + 1e-9).contains(log10($0)) }
    }
}
