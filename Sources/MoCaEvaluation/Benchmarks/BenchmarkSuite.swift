// Which sets a published average is over, and the averages.

/// A benchmark of several sets: named groups of sets, and the mean of each.
package struct BenchmarkSuite: Sendable {
    /// Sets whose scores are averaged.
    package struct Group: Sendable, Hashable {
        /// The group's name, such as `VQA`.
        package let name: String
        /// The measure that is averaged, such as `ndcg_at_5`.
        package let metric: String
        /// Where the list of sets is from.
        package let source: String
        /// The names of its sets.
        package let sets: [String]

        package init(_ name: String, metric: String, source: String, _ sets: [String]) {
            (self.name, self.metric) = (name, metric)
            (self.source, self.sets) = (source, sets)
        }
    }

    /// The groups, in the order in which they are shown.
    package let groups: [Group]
    /// The measure of the mean over whatever sets were scored.
    package let metric: String
    /// Other names of sets: that of a repository of the Hub for the one that a list has.
    package let aliases: [String: String]
    /// Sets that exist and cannot be scored, with the reason.
    package let refused: [String: String]
    /// Sets of English queries only, which name no language.
    package let englishTasks: Set<String>

    package init(
        groups: [Group], metric: String, aliases: [String: String] = [:],
        refused: [String: String] = [:], englishTasks: Set<String> = []
    ) {
        (self.groups, self.metric) = (groups, metric)
        (self.aliases, self.refused, self.englishTasks) = (aliases, refused, englishTasks)
    }

    /// What one set contributes to means.
    package struct SetResult: Sendable {
        package let score: SetScore
        /// Samples of the means of each measure that a group averages, by name.
        package let samples: [String: ResampledMeans]

        package init(score: SetScore, samples: [String: ResampledMeans]) {
            (self.score, self.samples) = (score, samples)
        }
    }

    /// The measures that groups average.
    var metrics: Set<String> { Set(groups.map(\.metric) + [metric]) }

    /// The means of the groups of which any set is in `results`, and the mean over all of these.
    ///
    /// A group of which a set is missing has no mean, for that of other sets is another figure.
    ///
    /// - Parameter ofPart: whether the scores are of parts of the sets, which no published mean is
    ///   over: then there are no groups, only the mean over what was scored.
    package func means(
        _ results: [String: SetResult], ofPart: Bool = false
    ) -> [String: GroupScore] {
        let groups = ofPart ? [] : groups
        var named: [String: String] = [:]
        for name in results.keys.sorted() { named[aliases[name] ?? name] = name }
        var means: [String: GroupScore] = [:]
        for group in groups {
            // A set that was scored by another measure is missing as well.
            let has = { (set: String) in
                named[set].flatMap { results[$0] }?.score.value(of: group.metric) != nil
            }
            let found = group.sets.filter(has).compactMap { named[$0] }
            guard !found.isEmpty else { continue }
            var score = Self.mean(of: found, group.metric, results)
            score.source = group.source
            score.missing = group.sets.filter { !has($0) }
            if !score.missing.isEmpty { (score.mean, score.interval) = (nil, nil) }
            means[group.name] = score
        }
        let scored = results.filter { $0.value.score.value(of: metric) != nil }.keys.sorted()
        if !scored.isEmpty { means["mean"] = Self.mean(of: scored, metric, results) }
        return means
    }

    private static func mean(
        of sets: [String], _ metric: String, _ results: [String: SetResult]
    ) -> GroupScore {
        let values = sets.compactMap { results[$0]?.score.value(of: metric) }
        let samples = sets.compactMap { results[$0]?.samples[metric] }
        return GroupScore(
            metric: metric, mean: values.reduce(0, +) / Double(values.count),
            interval: samples.count == sets.count
                ? ResampledMeans(meanOver: samples).interval : nil,
            sets: sets)
    }
}

extension BenchmarkSuite {
    /// Sets that no published average is over.
    package static let retrieval = BenchmarkSuite(groups: [], metric: "ndcg_at_10")
}
