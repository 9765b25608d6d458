// Group means as recorded in score files.

import MoCaCore
import MoCaEvaluation

/// The group means of one or several models, as rows of a table.
struct GroupRows {
    /// The identity of a group: means over different sets differ, even under one name.
    private struct Key: Hashable {
        let name: String
        let metric: String
        /// The source of the list of sets, which determines all of them.
        let source: String?
        /// The sets of a group without a source. Empty otherwise, because scored sets are named by
        /// their folders but missing ones by the list.
        let sets: Set<String>

        init(_ name: String, _ group: GroupScore) {
            (self.name, metric, source) = (name, group.metric, group.source)
            sets = group.source == nil ? Set(group.sets + group.missing) : []
        }
    }

    private var keys: [Key] = []
    private var groups: [Key: [String: GroupScore]] = [:]
    private var chances: [Key: Double] = [:]

    /// Adds the groups of a file to the column `label`.
    mutating func add(_ scores: Scores, as label: String) {
        // The mean over all scored sets comes last.
        let order = scores.groups.sorted {
            ($0.key == Scores.meanOfAll ? 1 : 0, $0.key) < (
                $1.key == Scores.meanOfAll ? 1 : 0, $1.key
            )
        }
        for (name, group) in order {
            let key = Key(name, group)
            if groups[key] == nil { keys.append(key) }
            groups[key, default: [:]][label] = group
            if let chance = scores.chance(of: group) { chances[key] = chance }
        }
    }

    /// One row for each group, with one cell for each label.
    func rows(of labels: [String]) -> [ScoreTable.Row] {
        keys.map { key in
            let found = groups[key] ?? [:]
            let count = found.values.map(Self.setCount).max() ?? 0
            let isNamed = key.name != Scores.meanOfAll
            var row = ScoreTable.Row(
                isNamed ? key.name : "Mean over what was scored",
                metric: "\(MeasureTitle.of(key.metric)), \(NumberText.counted(count, "set"))",
                chance: chances[key], cells: labels.map { found[$0].map(Self.cell) })
            row.note = key.source.map { "list of sets: \($0)" } ?? ""
            return row
        }
    }

    private static func setCount(_ group: GroupScore) -> Int {
        group.sets.count + group.missing.count
    }

    private static func cell(_ group: GroupScore) -> ScoreTable.Cell {
        guard let mean = group.mean else {
            let count = setCount(group)
            let named = group.missing.count <= 3 ? ": " + group.missing.joined(separator: ", ") : ""
            return ScoreTable.Cell(
                .nan, note: "\(group.missing.count) of \(count) sets missing\(named)")
        }
        return ScoreTable.Cell(mean, interval: group.interval?.range)
    }
}

extension ScoreTable.Cell {
    /// The score of a set by `measure`; nil if the set does not have that measure.
    init?(_ score: SetScore, measure: String) {
        guard let value = score.value(of: measure) else { return nil }
        self.init(value, interval: score.interval(of: measure)?.range)
    }
}

extension ConfidenceInterval {
    /// The interval as a range, also if the file swaps its bounds.
    var range: ClosedRange<Double> { min(lower, upper)...max(lower, upper) }
}
