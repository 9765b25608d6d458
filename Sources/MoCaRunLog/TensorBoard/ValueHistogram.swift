// Histograms of values between -1 and 1.

/// A histogram of cosines in bins of equal width.
package struct ValueHistogram: Sendable, Hashable {
    /// The number of bins from -1 to 1.
    package static let binCount = 50

    /// The number of values in each bin. A value on a border belongs to the upper bin, and 1 to the
    /// last one.
    package private(set) var bins = [Int](repeating: 0, count: binCount)
    /// The number of values.
    package private(set) var count = 0
    /// The sum of the values.
    package private(set) var sum = 0.0
    /// The sum of the squared values.
    package private(set) var sumOfSquares = 0.0
    /// The smallest value; 0 without values.
    package private(set) var min = 0.0
    /// The largest value; 0 without values.
    package private(set) var max = 0.0

    /// Creates a histogram without values.
    package init() {}

    /// The mean of the values; 0 without values.
    package var mean: Double { count == 0 ? 0 : sum / Double(count) }

    /// The upper border of each bin.
    package var upperBounds: [Double] {
        (1...Self.binCount).map { 2 * Double($0) / Double(Self.binCount) - 1 }
    }

    /// Counts a finite value. A value outside -1...1, which rounding may produce, belongs to the
    /// outermost bin.
    package mutating func add(_ value: Double) {
        guard value.isFinite else { return }
        let index = Int(
            ((Swift.min(Swift.max(value, -1), 1) + 1) / 2 * Double(Self.binCount)).rounded(.down))
        bins[Swift.min(index, Self.binCount - 1)] += 1
        min = count == 0 ? value : Swift.min(min, value)
        max = count == 0 ? value : Swift.max(max, value)
        count += 1
        sum += value
        sumOfSquares += value * value
    }
}
