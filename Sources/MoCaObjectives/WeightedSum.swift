// Sums whose mean is part of a loss.

/// A sum, the number of its summands, and the weight of their mean.
package struct WeightedSum: Sendable, Hashable, Codable {
    package var sum = 0.0
    package var count = 0
    /// The factor of the mean in the loss.
    package var weight = 1.0

    /// Creates a sum of `count` summands.
    package init(sum: Double = 0, count: Int = 0, weight: Double = 1) {
        self.sum = sum
        self.count = count
        self.weight = weight
    }

    /// The mean of the summands; 0 if there are none.
    package var mean: Double { count == 0 ? 0 : sum / Double(count) }

    /// Adds the summands of another sum, and takes its weight.
    package static func += (total: inout WeightedSum, other: WeightedSum) {
        total.sum += other.sum
        total.count += other.count
        total.weight = other.weight
    }
}
