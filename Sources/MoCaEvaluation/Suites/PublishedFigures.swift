// Figures published in papers and model cards, each with its source (Resources/published.json).

import Foundation

/// Published scores, in percent.
package struct PublishedFigures: Sendable, Hashable, Decodable {
    /// The figures that one source gives for one model.
    package struct Entry: Sendable, Hashable, Decodable {
        package let model: String
        /// The model's size, such as `3B`, if known.
        package let size: String?
        /// The measure of single-set scores, such as `ndcg_at_5`; an average has its group's
        /// measure.
        package let measure: String?
        /// Scores by name of a group of `BenchmarkSuite`, or of a set.
        package let scores: [String: Double]
        package let source: String
        /// A caveat to show beside the figure.
        package let note: String?
    }

    package let averages: [Entry]
    package let sets: [Entry]

    /// The suites whose groups and sets have published figures.
    private static let suites = [BenchmarkSuite.mmeb, .vidore]

    private enum CodingKeys: CodingKey {
        case averages, sets
    }

    /// Reads the figures embedded in the program.
    ///
    /// - Throws: `EvaluationError.unreadableScores`.
    package init() throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(PackageResources.published_json))
        } catch {
            throw EvaluationError.unreadableScores(
                file: "published.json", reason: String(describing: error))
        }
    }

    /// Published figures for the scored groups or sets: a column per label, a row per entry.
    package struct Beside: Sendable, Hashable {
        /// The groups or sets that were scored as published, in order.
        package var labels: [String] = []
        /// Our value for each label, from 0 to 1.
        package var ours: [Double] = []
        /// Entries with a figure for any label, sorted by the most common label, best first.
        package var entries: [Entry] = []
        /// The reasons why published figures are not shown, by label.
        package var refusals: [String: String] = [:]
    }

    /// Published averages to compare with the groups of `scores`: only for completely scored
    /// groups, each under its own label.
    package func averages(beside scores: Scores) -> Beside {
        var beside = Beside()
        let published = Set(averages.flatMap { $0.scores.keys })
        for group in Self.suites.flatMap(\.groups) where published.contains(group.name) {
            guard let score = scores.groups[group.name] else { continue }
            let count = score.sets.count + score.missing.count
            if let reason = scores.partReason {
                beside.refusals[group.name] = reason
            } else if let mean = score.mean, score.missing.isEmpty, score.metric == group.metric {
                beside.labels.append(group.name)
                beside.ours.append(mean)
            } else {
                beside.refusals[group.name] =
                    "\(score.missing.count) of its \(count) sets are missing"
            }
        }
        beside.entries = Self.sorted(averages, by: beside.labels)
        return beside
    }

    /// Published single-set figures to compare with `scores`: of the same set, under any of its
    /// folder names, and the same measure.
    package func sets(beside scores: Scores) -> Beside {
        var beside = Beside()
        guard scores.partReason == nil else { return beside }
        let found = sets.filter { entry in
            entry.scores.keys.contains { name in
                entry.measure.flatMap { Self.value(of: $0, for: name, in: scores) } != nil
            }
        }
        for name in Set(found.flatMap { $0.scores.keys }).sorted() {
            guard
                let measure = found.first(where: { $0.scores[name] != nil })?.measure,
                let value = Self.value(of: measure, for: name, in: scores)
            else { continue }
            beside.labels.append(name)
            beside.ours.append(value)
        }
        beside.entries = found
        return beside
    }

    private static func value(
        of measure: String, for name: String, in scores: Scores
    ) -> Double? {
        suites.lazy.compactMap { $0.value(of: measure, for: name, in: scores) }.first
    }

    private static func sorted(_ entries: [Entry], by labels: [String]) -> [Entry] {
        let found = entries.filter { entry in labels.contains { entry.scores[$0] != nil } }
        let counts = labels.map { label in found.count { $0.scores[label] != nil } }
        // Among equally common labels the last is used: `all` follows its parts.
        guard let most = counts.max(), let index = counts.lastIndex(of: most) else { return [] }
        let values = found.map { $0.scores[labels[index]] ?? -1 }
        return found.indices.sorted { (values[$0], $1) > (values[$1], $0) }.map { found[$0] }
    }
}
