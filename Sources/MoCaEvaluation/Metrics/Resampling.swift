// The bootstrap (Efron 1979): how much means over queries would vary with other queries.

package import MoCaCore

/// The means of bootstrap samples, drawn from a set's queries with replacement.
package struct ResampledMeans: Sendable, Hashable {
    /// One mean per sample.
    package let means: [Double]

    /// The number of samples in an evaluation.
    package static let standardCount = 10_000

    /// Wraps means that were already drawn.
    init(means: [Double]) { self.means = means }

    /// Draws `count` samples, each as large as `values`.
    ///
    /// - Parameters:
    ///   - values: one value per query, at least one.
    ///   - units: as in `draw`.
    package init(
        of values: [Double], units: [[Int]]? = nil, count: Int = standardCount,
        random: inout RandomSource
    ) {
        self = Self.draw([values], units: units, count: count, random: &random)[0]
    }

    /// Draws samples for several measures of the same queries together. Each measure gets the
    /// samples that it would get alone.
    ///
    /// - Parameters:
    ///   - columns: a list of values for each measure, one value per query, at least one.
    ///   - units: the groups of queries that are drawn as one, as indices into the lists, each
    ///     query once. A sample has as many units as there are, and its mean is over their queries.
    ///     nil draws single queries.
    package static func draw(
        _ columns: [[Double]], units: [[Int]]? = nil, count: Int = standardCount,
        random: inout RandomSource
    ) -> [ResampledMeans] {
        guard let first = columns.first else { return [] }
        precondition(!first.isEmpty && count > 0, "a mean of nothing")
        precondition(columns.allSatisfy { $0.count == first.count }, "a value a query")
        let width = columns.count
        let sizes = units?.map(\.count) ?? first.map { _ in 1 }
        // Sums per unit, [units, measures].
        let table: [Double] =
            units?.flatMap { unit in columns.map { values in unit.reduce(0) { $0 + values[$1] } } }
            ?? first.indices.flatMap { query in columns.map { $0[query] } }
        let drawCount = UInt64(sizes.count)
        var means = [[Double]](repeating: [], count: width)
        for column in means.indices { means[column].reserveCapacity(count) }
        var sums = [Double](repeating: 0, count: width)
        for _ in 0..<count {
            for column in sums.indices { sums[column] = 0 }
            var queryCount = 0
            for _ in 0..<sizes.count {
                let unit = Int(random.next().multipliedFullWidth(by: drawCount).high)
                queryCount += sizes[unit]
                for column in sums.indices { sums[column] += table[unit * width + column] }
            }
            for column in sums.indices { means[column].append(sums[column] / Double(queryCount)) }
        }
        return means.map(ResampledMeans.init(means:))
    }

    /// The means over sets, each with its own independent samples.
    ///
    /// - Parameter sets: at least one set; all have the same number of samples.
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

    /// The two-sided p-value, if the values are differences: twice the fraction of samples on the
    /// smaller side of 0; at least 2 / the number of samples.
    package var signProbability: Double {
        let below = means.count { $0 <= 0 }
        let above = means.count { $0 >= 0 }
        let share = Double(max(1, min(below, above))) / Double(means.count)
        return min(1, 2 * share)
    }

    /// The quantile at the fraction `share` of sorted values, interpolated linearly.
    private static func quantile(_ share: Double, ofSorted values: [Double]) -> Double {
        let place = share * Double(values.count - 1)
        let index = Int(place)
        let next = min(index + 1, values.count - 1)
        return values[index] + (values[next] - values[index]) * (place - Double(index))
    }
}

/// The units that the bootstrap intervals of a set were drawn from.
package struct BootstrapUnits: Sendable, Hashable, Codable {
    /// The unit of a draw.
    package enum Unit: String, Sendable, Hashable, Codable {
        case query
        /// All translations of one question.
        case translations
    }

    package var unit: Unit
    /// The number of units in the set and in each sample.
    package var count: Int
    package var sampleCount: Int

    package init(unit: Unit, count: Int, sampleCount: Int) {
        (self.unit, self.count, self.sampleCount) = (unit, count, sampleCount)
    }

    private enum CodingKeys: String, CodingKey {
        case unit
        case count = "num_units"
        case sampleCount = "num_samples"
    }
}
