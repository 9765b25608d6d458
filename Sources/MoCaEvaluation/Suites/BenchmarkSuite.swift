// The sets of published averages, and how the averages are computed.

/// A benchmark of several sets: named groups of sets, and the mean of each.
package struct BenchmarkSuite: Sendable {
    /// A group of sets whose scores are averaged.
    package struct Group: Sendable, Hashable {
        /// The group's name, such as `VQA`.
        package let name: String
        /// The measure that is averaged, such as `ndcg_at_5`.
        package let metric: String
        /// The source of the list of sets.
        package let source: String
        /// The names of the group's sets.
        package let sets: [String]

        package init(_ name: String, metric: String, source: String, _ sets: [String]) {
            (self.name, self.metric) = (name, metric)
            (self.source, self.sets) = (source, sets)
        }
    }

    /// The groups, in display order.
    package let groups: [Group]
    /// The names of the groups that are tasks; a set belongs to at most one of them.
    package let tasks: [String]
    /// The measure of the mean over all scored sets.
    package let metric: String
    /// Other names of sets: repository names on the Hub to names in lists.
    package let aliases: [String: String]
    /// Sets of lists that are derived from another list's set: all of it, or its queries of one
    /// language.
    package let sources: [String: Source]
    /// Sets that exist but cannot be scored, with the reason.
    package let refused: [String: String]
    /// Sets with only English queries, which do not declare a language.
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

    /// Returns the name of the task that a set belongs to, or nil.
    package func task(of set: String) -> String? {
        groups.first { tasks.contains($0.name) && $0.sets.contains(set) }?.name
    }

    /// The origin of a derived set.
    package struct Source: Sendable, Hashable {
        /// The name of the set that contains it.
        package let set: String
        /// The language of the included queries; nil includes all.
        package let language: String?

        package init(_ set: String, language: String? = nil) {
            (self.set, self.language) = (set, language)
        }
    }

    /// The contribution of one set to means.
    package struct SetResult: Sendable {
        package let score: SetScore
        /// Bootstrap samples of the mean of each measure that a group averages, by name.
        package let samples: [String: ResampledMeans]
        /// Bootstrap samples over the queries of each language that a list names, by language and
        /// measure.
        package let byLanguage: [String: [String: ResampledMeans]]

        package init(
            score: SetScore, samples: [String: ResampledMeans],
            byLanguage: [String: [String: ResampledMeans]] = [:]
        ) {
            (self.score, self.samples, self.byLanguage) = (score, samples, byLanguage)
        }

        /// Computes the measures of `suite` from the outcomes of `set`.
        init(score: SetScore, _ outcomes: [QueryOutcome], set: String, in suite: BenchmarkSuite) {
            let languages = Set(suite.sources.values.compactMap(\.language))
                .intersection(outcomes.compactMap(\.language))
            var byLanguage: [String: [String: ResampledMeans]] = [:]
            for language in languages {
                // Within one language, single queries are drawn.
                byLanguage[language] = outcomes.filter { $0.language == language }
                    .samples(of: suite.metrics, set: set, units: nil)
            }
            self.init(
                score: score,
                samples: outcomes.samples(of: suite.metrics, set: set, units: outcomes.units),
                byLanguage: byLanguage)
        }
    }

    /// A set of a list that was found among the results.
    private struct Member {
        /// The name of the set in the results.
        let result: String
        let language: String?

        var name: String {
            language.map { LanguagePart(set: result, language: $0).name } ?? result
        }
    }

    /// The measures that groups average.
    var metrics: Set<String> { Set(groups.map(\.metric) + [metric]) }

    /// The means of the groups with any set in `results`, and the mean over all results.
    ///
    /// A group with a missing set has no mean, since a mean over other sets is not comparable.
    ///
    /// - Parameter ofPart: whether only parts of the sets were scored; then only the mean over all
    ///   scored sets is returned, since published means cover whole sets.
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

    /// The score of a set of a list under any of its folder names; nil if it was not scored.
    func value(of measure: String, for name: String, in scores: Scores) -> Double? {
        guard let member = member(name, among: listNames(of: scores.sets.keys)) else { return nil }
        return scores.sets[member.result]?.value(of: measure, language: member.language)
    }

    /// The names of results, by their names in lists.
    private func listNames(of results: some Sequence<String>) -> [String: String] {
        var named: [String: String] = [:]
        for name in results.sorted() { named[aliases[name] ?? name] = name }
        return named
    }

    /// Finds a set of a list among the results.
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
    /// The suite of sets without published averages.
    package static let retrieval = BenchmarkSuite(groups: [], metric: "ndcg_at_10")
}
