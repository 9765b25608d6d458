// Resampled means over the queries of a set.

import MoCaCore

extension [QueryOutcome] {
    /// The groups of queries that are drawn as one, as indices in the list; nil if single queries
    /// are drawn.
    package var units: [[Int]]? {
        guard contains(where: { $0.group != nil }) else { return nil }
        var (units, numbers) = ([[Int]](), [String: Int]())
        for (index, outcome) in enumerated() {
            let name = outcome.group ?? outcome.query
            if let number = numbers[name] {
                units[number].append(index)
            } else {
                numbers[name] = units.count
                units.append([index])
            }
        }
        return units
    }

    /// Samples of the means of measures, with one random stream per set so that sets vary
    /// independently.
    ///
    /// - Parameter units: as in `ResampledMeans.draw`.
    func samples(
        of metrics: Set<String>, set: String, units: [[Int]]?
    ) -> [String: ResampledMeans] {
        guard !isEmpty else { return [:] }
        let names = metrics.filter { metric in allSatisfy { $0.measures[metric] != nil } }.sorted()
        var random = RandomSource(seed: 0, name: set)
        let samples = ResampledMeans.draw(
            names.map { name in map { $0.measures[name] ?? 0 } }, units: units, random: &random)
        return Dictionary(uniqueKeysWithValues: zip(names, samples))
    }
}
