// Detection of losses that stand out from the preceding ones. The window is part of the training
// state, so that a resumed run sees the same spikes.

/// The recent losses by subset, because losses differ between tasks by more than a spike's height.
package struct LossSpikes: Sendable, Hashable, Codable {
    /// The number of losses kept per subset.
    private static let windowCount = 64
    /// The number of losses needed before one can count as a spike.
    private static let leastCount = 16
    /// The standard deviations above the median that make a spike. Fine-tuning losses are skewed,
    /// so this is far beyond what a normal distribution would need.
    private static let deviations = 8.0
    /// The least standard deviation as a fraction of the median, so that nearly constant losses do
    /// not spike.
    private static let leastDeviationShare = 0.02
    /// The ratio of the standard deviation to the median absolute deviation (normal distribution).
    private static let normalFactor = 1.4826

    private var losses: [String: [Double]] = [:]

    /// Adds a loss; returns the expected loss if it is a spike, nil otherwise.
    mutating func expectation(of loss: Double, subset: String?) -> Double? {
        let key = subset ?? ""
        var window = losses[key] ?? []
        defer {
            window.append(loss)
            losses[key] = window.suffix(Self.windowCount)
        }
        guard window.count >= Self.leastCount else { return nil }
        let median = Self.median(window)
        let spread = Self.normalFactor * Self.median(window.map { abs($0 - median) })
        let deviation = max(spread, Self.leastDeviationShare * abs(median))
        return loss > median + Self.deviations * deviation ? median : nil
    }

    private static func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        let middle = sorted.count / 2
        return sorted.count.isMultiple(of: 2)
            ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
    }
}
