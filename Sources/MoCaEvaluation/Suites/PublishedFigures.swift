// What papers and model cards print, each figure with its source (Resources/published.json).

import Foundation

/// Published scores, in per cent.
package struct PublishedFigures: Sendable, Hashable, Decodable {
    /// What one source says about one model.
    package struct Entry: Sendable, Hashable, Decodable {
        package let model: String
        /// The model's size, such as `3B`, if known.
        package let size: String?
        /// Of scores of single sets, such as `ndcg_at_5`; an average has its group's.
        package let measure: String?
        /// By the name of a group of `BenchmarkSuite`, or of a set.
        package let scores: [String: Double]
        package let source: String
        /// What a reader must know beside the figure.
        package let note: String?
    }

    package let averages: [Entry]
    package let sets: [Entry]

    /// Whose groups and sets have published figures.
    private static let suites = [BenchmarkSuite.mmeb, .vidore]

    private enum CodingKeys: CodingKey {
        case averages, sets
    }

    /// Reads the figures that the program carries.
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

    /// Published figures of what an evaluation scored: columns by label, a row an entry.
    package struct Beside: Sendable, Hashable {
        /// Groups or sets that were scored as published, in order.
        package var labels: [String] = []
        /// Our value of each label, from 0 to 1.
        package var ours: [Double] = []
        /// Entries with a figure of any label, the best of the most common label first.
        package var entries: [Entry] = []
        /// Why published figures are not shown, by label.
        package var refusals: [String: String] = [:]
    }

    /// The averages that stand beside the groups of `scores`: of a group that was scored whole, by
    /// its own label alone.
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

    /// The figures of single sets that stand beside those of `scores`: of the same set, whichever of
    /// its names its folder has, and the same measure.
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
        // Of equally common labels the last: `all` stands after its parts.
        guard let most = counts.max(), let index = counts.lastIndex(of: most) else { return [] }
        let values = found.map { $0.scores[labels[index]] ?? -1 }
        return found.indices.sorted { (values[$0], $1) > (values[$1], $0) }.map { found[$0] }
    }
}
