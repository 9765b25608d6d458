// The bootstrap (Efron 1979): how much means over queries would vary if the queries were others.

package import MoCaCore

/// The means of samples that are drawn from a set's queries with replacement.
package struct ResampledMeans: Sendable, Hashable {
    /// One mean a sample.
    package let means: [Double]

    /// Samples of an evaluation.
    package static let standardCount = 10_000

    /// Means that were drawn elsewhere.
    init(means: [Double]) { self.means = means }

    /// Draws `count` samples of as many values as `values` has.
    ///
    /// - Parameter values: one value a query, at least one.
    package init(
        of values: [Double], count: Int = standardCount, random: inout RandomSource
    ) {
        precondition(!values.isEmpty && count > 0, "a mean of nothing")
        let size = UInt64(values.count)
        means = (0..<count).map { _ in
            var sum = 0.0
            for _ in 0..<values.count {
                sum += values[Int(random.next().multipliedFullWidth(by: size).high)]
            }
            return sum / Double(values.count)
        }
    }

    /// The means over sets, each of which has samples of its own.
    ///
    /// - Parameter sets: at least one; all have as many samples.
    package init(meanOver sets: [ResampledMeans]) {
        precondition(!sets.isEmpty, "a mean over no set")
        means = sets[0].means.indices.map { sample in
            sets.reduce(0) { $0 + $1.means[sample] } / Double(sets.count)
        }
    }

    /// The percentile interval: the 2.5 and 97.5 % quantiles.
    package var interval: ConfidenceInterval {
        let sorted = means.sorted()
        return ConfidenceInterval(
            lower: Self.quantile(0.025, ofSorted: sorted),
            upper: Self.quantile(0.975, ofSorted: sorted))
    }

    /// Of means of differences: twice the share of samples on the smaller side of 0, which is how
    /// often chance alone gives a difference like this one; at least 1 / the number of samples.
    package var signProbability: Double {
        let below = means.count { $0 <= 0 }
        let above = means.count { $0 >= 0 }
        let share = Double(max(1, min(below, above))) / Double(means.count)
        return min(1, 2 * share)
    }

    /// The value at `share` of the way through sorted values, interpolated linearly.
    private static func quantile(_ share: Double, ofSorted values: [Double]) -> Double {
        let place = share * Double(values.count - 1)
        let index = Int(place)
        let next = min(index + 1, values.count - 1)
        return values[index] + (values[next] - values[index]) * (place - Double(index))
    }
}
