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
    /// The names of the groups that are tasks: a set belongs to at most one of them.
    package let tasks: [String]
    /// The measure of the mean over whatever sets were scored.
    package let metric: String
    /// Other names of sets: that of a repository of the Hub for the one that a list has.
    package let aliases: [String: String]
    /// Sets of lists that are made of another list's set: all of it, or its queries of one language.
    package let sources: [String: Source]
    /// Sets that exist and cannot be scored, with the reason.
    package let refused: [String: String]
    /// Sets of English queries only, which name no language.
    package let englishTasks: Set<String>

    package init(
        groups: [Group], tasks: [String] = [], metric: String, aliases: [String: String] = [:],
        sources: [String: Source] = [:], refused: [String: String] = [:],
        englishTasks: Set<String> = []
    ) {
        self.groups = groups
        self.tasks = tasks
        self.metric = metric
        (self.aliases, self.sources, self.refused) = (aliases, sources, refused)
        self.englishTasks = englishTasks
    }

    /// Returns the name of the task that a set belongs to; nil for a set that has none.
    package func task(of set: String) -> String? {
        groups.first { tasks.contains($0.name) && $0.sets.contains(set) }?.name
    }

    /// What a set of a list is made of.
    package struct Source: Sendable, Hashable {
        /// The name of the set that holds it.
        package let set: String
        /// The queries that count; nil counts all.
        package let language: String?

        package init(_ set: String, language: String? = nil) {
            (self.set, self.language) = (set, language)
        }
    }

    /// What one set contributes to means.
    package struct SetResult: Sendable {
        package let score: SetScore
        /// Samples of the means of each measure that a group averages, by name.
        package let samples: [String: ResampledMeans]
        /// The same over the queries of each language that a list names.
        package let byLanguage: [String: [String: ResampledMeans]]

        package init(
            score: SetScore, samples: [String: ResampledMeans],
            byLanguage: [String: [String: ResampledMeans]] = [:]
        ) {
            (self.score, self.samples, self.byLanguage) = (score, samples, byLanguage)
        }

        /// The measures of `suite` from what the queries of `set` got.
        init(score: SetScore, _ outcomes: [QueryOutcome], set: String, in suite: BenchmarkSuite) {
            let languages = Set(suite.sources.values.compactMap(\.language))
                .intersection(outcomes.compactMap(\.language))
            var byLanguage: [String: [String: ResampledMeans]] = [:]
            for language in languages {
                // Of one language, queries are drawn.
                byLanguage[language] = outcomes.filter { $0.language == language }
                    .samples(of: suite.metrics, set: set, units: nil)
            }
            self.init(
                score: score,
                samples: outcomes.samples(of: suite.metrics, set: set, units: outcomes.units),
                byLanguage: byLanguage)
        }
    }

    /// A set of a list, found among the results.
    private struct Member {
        /// The name of its result.
        let result: String
        let language: String?

        var name: String {
            language.map { LanguagePart(set: result, language: $0).name } ?? result
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
        let named = listNames(of: results.keys)
        var means: [String: GroupScore] = [:]
        for group in groups {
            let found = group.sets.map { name -> Member? in
                guard let member = member(name, among: named) else { return nil }
                let score = results[member.result]?.score
                let value = score?.value(of: group.metric, language: member.language)
                return value == nil ? nil : member
            }
            guard found.contains(where: { $0 != nil }) else { continue }
            var score = Self.mean(of: found.compactMap { $0 }, group.metric, results)
            score.source = group.source
            score.missing = zip(group.sets, found).filter { $0.1 == nil }.map(\.0)
            if !score.missing.isEmpty { (score.mean, score.interval) = (nil, nil) }
            means[group.name] = score
        }
        let scored = results.filter { $0.value.score.value(of: metric) != nil }.keys.sorted()
            .map { Member(result: $0, language: nil) }
        if !scored.isEmpty { means[Scores.meanOfAll] = Self.mean(of: scored, metric, results) }
        return means
    }

    /// The score of a set of a list, whichever of its names its folder has; nil where it was not
    /// scored.
    func value(of measure: String, for name: String, in scores: Scores) -> Double? {
        guard let member = member(name, among: listNames(of: scores.sets.keys)) else { return nil }
        return scores.sets[member.result]?.value(of: measure, language: member.language)
    }

    /// The names of results by those that lists have for them.
    private func listNames(of results: some Sequence<String>) -> [String: String] {
        var named: [String: String] = [:]
        for name in results.sorted() { named[aliases[name] ?? name] = name }
        return named
    }

    /// Where a set of a list is found.
    private func member(_ name: String, among named: [String: String]) -> Member? {
        if let result = named[name] { return Member(result: result, language: nil) }
        guard let source = sources[name], let result = named[source.set] else { return nil }
        return Member(result: result, language: source.language)
    }

    private static func mean(
        of members: [Member], _ metric: String, _ results: [String: SetResult]
    ) -> GroupScore {
        let values = members.compactMap {
            results[$0.result]?.score.value(of: metric, language: $0.language)
        }
        let samples = members.compactMap { member -> ResampledMeans? in
            let result = results[member.result]
            guard let language = member.language else { return result?.samples[metric] }
            return result?.byLanguage[language]?[metric]
        }
        // Sets that share queries do not vary independently.
        let isIndependent = Set(members.map(\.result)).count == members.count
        return GroupScore(
            metric: metric, mean: values.reduce(0, +) / Double(values.count),
            interval: isIndependent && samples.count == members.count
                ? ResampledMeans(meanOver: samples).interval : nil,
            sets: members.map(\.name))
    }
}

extension BenchmarkSuite {
    /// Sets that no published average is over.
    package static let retrieval = BenchmarkSuite(groups: [], metric: "ndcg_at_10")
}
