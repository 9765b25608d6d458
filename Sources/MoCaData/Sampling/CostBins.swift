// The cost bins of the released MoCa code: samples of similar cost share a batch.

import Foundation

/// Bins that end at 32 * floor(1.3^i); a batch of a bin has budget / end samples.
package struct CostBins: Sendable, Hashable {
    private static let step = 32
    private static let growth = 1.3

    /// The largest cost of a batch.
    package let budget: Int
    /// The highest cost of each bin; a bin begins above the previous one.
    package let thresholds: [Int]

    /// Makes the bins of costs up to `budget`.
    package init(budget: Int) {
        precondition(budget > 0, "a budget of \(budget)")
        self.budget = budget
        var thresholds: [Int] = []
        var exponent = 0
        while thresholds.last ?? 0 < budget {
            let threshold = Self.step * Int(pow(Self.growth, Double(exponent)))
            if threshold != thresholds.last { thresholds.append(threshold) }
            exponent += 1
        }
        self.thresholds = thresholds
    }

    /// The index of the bin of a cost within the budget.
    package func bin(ofCost cost: Int) -> Int {
        precondition(cost <= budget, "a cost of \(cost) over \(budget)")
        return partitionPoint(thresholds.count) { thresholds[$0] >= cost }
    }

    /// The number of samples in a batch of a bin. The last bin may end above the budget: its
    /// samples, which cost less, are batched alone.
    package func batchSize(ofBin bin: Int) -> Int { max(1, budget / thresholds[bin]) }
}
