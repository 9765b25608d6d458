// Losses that stand out from those before. What is remembered belongs to the training state, so that
// a resumed run sees the same spikes.

/// The losses of late, by subset: tasks differ in their losses by more than a spike is high.
package struct LossSpikes: Sendable, Hashable, Codable {
    /// Losses that are remembered.
    private static let windowCount = 64
    /// Losses without which nothing stands out yet.
    private static let leastCount = 16
    /// Deviations above the median that make a spike. Rates of fine-tuning losses are skewed, so
    /// this is far beyond what a normal distribution would need.
    private static let deviations = 8.0
    /// The least deviation as a fraction of the median, so that nearly constant losses make no spikes.
    private static let leastDeviationShare = 0.02
    /// A median absolute deviation of a normal distribution, times this, is its deviation.
    private static let normalFactor = 1.4826

    private var losses: [String: [Double]] = [:]

    /// What a loss was expected to be, when it stands out; nil otherwise.
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
