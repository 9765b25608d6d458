// How values between -1 and 1 are spread, in bins of one width.

/// A histogram of cosines.
package struct ValueHistogram: Sendable, Hashable {
    /// Bins from -1 to 1.
    package static let binCount = 50

    /// How many values lie in each bin; one on a border is of the upper one, 1 of the last.
    package private(set) var bins = [Int](repeating: 0, count: binCount)
    package private(set) var count = 0
    package private(set) var sum = 0.0
    package private(set) var sumOfSquares = 0.0
    /// 0 without values.
    package private(set) var min = 0.0
    package private(set) var max = 0.0

    package init() {}

    package var mean: Double { count == 0 ? 0 : sum / Double(count) }

    /// The upper border of each bin.
    package var upperBounds: [Double] {
        (1...Self.binCount).map { 2 * Double($0) / Double(Self.binCount) - 1 }
    }

    /// Counts a value, unless it is not finite; one outside -1...1, as rounding makes it, is of the
    /// outermost bin.
    package mutating func add(_ value: Double) {
        guard value.isFinite else { return }
        let place = Int(
            ((Swift.min(Swift.max(value, -1), 1) + 1) / 2 * Double(Self.binCount)).rounded(.down))
        bins[Swift.min(place, Self.binCount - 1)] += 1
        min = count == 0 ? value : Swift.min(min, value)
        max = count == 0 ? value : Swift.max(max, value)
        count += 1
        sum += value
        sumOfSquares += value * value
    }
}
