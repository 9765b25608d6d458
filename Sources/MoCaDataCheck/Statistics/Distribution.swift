// Summarises values by percentiles and a histogram.

/// The distribution of values. Percentiles are values that occur (nearest rank).
package struct Distribution: Sendable, Hashable, Encodable {
    /// A range of values, both ends included, and the number of values in it.
    package struct Bin: Sendable, Hashable, Encodable {
        package var low: Int
        package var high: Int
        package var count: Int
    }

    private static let binCount = 10

    package let count: Int
    package let sum: Int
    package let mean: Double
    package let min: Int
    package let p5: Int
    package let p25: Int
    package let p50: Int
    package let p75: Int
    package let p95: Int
    package let p99: Int
    package let max: Int
    package let histogram: [Bin]

    /// The distribution of `values`; all zero if there are none.
    package init(_ values: [Int]) {
        let sorted = values.sorted()
        func rank(_ percent: Int) -> Int {
            sorted.isEmpty ? 0 : sorted[Swift.max(0, (sorted.count * percent + 99) / 100 - 1)]
        }
        count = sorted.count
        sum = sorted.reduce(0, +)
        mean = sorted.isEmpty ? 0 : Double(sum) / Double(count)
        (min, max) = (sorted.first ?? 0, sorted.last ?? 0)
        (p5, p25, p50, p75) = (rank(5), rank(25), rank(50), rank(75))
        (p95, p99) = (rank(95), rank(99))
        histogram = Self.bins(sorted, upTo: rank(99))
    }

    /// Equal bins with a width of 1, 2 or 5 times a power of ten up to the 99th percentile; the
    /// last one extends to the largest value.
    private static func bins(_ sorted: [Int], upTo end: Int) -> [Bin] {
        guard let first = sorted.first, let last = sorted.last else { return [] }
        let width = niceWidth((end - first) / binCount + 1)
        let start = first / width * width
        let count = (end - start) / width + 1
        var bins = (0..<count).map { index in
            Bin(low: start + index * width, high: start + (index + 1) * width - 1, count: 0)
        }
        for value in sorted { bins[Swift.min(count - 1, (value - start) / width)].count += 1 }
        bins[count - 1].high = Swift.max(bins[count - 1].high, last)
        return bins
    }

    private static func niceWidth(_ least: Int) -> Int {
        var power = 1
        while true {
            for factor in [1, 2, 5] where factor * power >= least { return factor * power }
            power *= 10
        }
    }

    /// The histogram as lines of range, bar and count.
    package func lines(barWidth: Int = 40) -> [String] {
        let most = histogram.map(\.count).max() ?? 0
        let labels = histogram.map { $0.low == $0.high ? "\($0.low)" : "\($0.low)-\($0.high)" }
        let width = labels.map(\.count).max() ?? 0
        return zip(labels, histogram).map { label, bin in
            // A bin that is not empty has a visible bar.
            let length = bin.count == 0 ? 0 : Swift.max(1, bin.count * barWidth / most)
            return String(repeating: " ", count: width - label.count) + label + " "
                + String(repeating: "#", count: length)
                + String(repeating: " ", count: barWidth - length) + " \(bin.count)"
        }
    }
}
