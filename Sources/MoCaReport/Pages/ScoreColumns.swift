// Files of scores as the columns of one table.

package import Foundation
package import MoCaCore
package import MoCaEvaluation

/// A file of scores, and the label of its column.
package struct LabelledFile: Hashable, Sendable {
    package let label: String
    package let path: String

    package init(label: String, path: String) {
        self.label = label
        self.path = path
    }
}

/// Models side by side.
package struct ScoreColumns {
    /// In the order of their first file.
    private var labels: [String] = []
    private var sets: [String: [String: SetScore]] = [:]
    /// The measure that stands for each set, as the first file that has the set says.
    private var measures: [String: String] = [:]
    /// The means of groups as they stand in the files.
    private var means = GroupRows()

    /// Files of one label are one column; of a set in several, the last counts.
    ///
    /// - Throws: `EvaluationError.unreadableScores`.
    package init(_ files: [LabelledFile]) throws {
        for file in files {
            let scores = try Scores(contentsOf: URL(fileURLWithPath: file.path))
            if sets[file.label] == nil { labels.append(file.label) }
            sets[file.label, default: [:]].merge(scores.sets) { $1 }
            for name in scores.sets.keys where measures[name] == nil {
                measures[name] = scores.headline(of: name)
            }
            means.add(scores, as: file.label)
        }
    }

    /// One set, with a score of any column.
    private struct NamedSet {
        let name: String
        let sample: SetScore
        let measure: String

        /// The task of the set, as its benchmark groups it.
        var task: String {
            if case .retrieval = sample { return ScoreColumns.documentTask }
            return BenchmarkSuite.mmeb.task(of: name) ?? ScoreColumns.otherTask
        }
    }

    private static let documentTask = "Document retrieval"
    /// The group of sets that no benchmark knows.
    private static let otherTask = "Other sets"
    private static let tasks = BenchmarkSuite.mmeb.tasks + [documentTask, otherTask]

    private var named: [NamedSet] {
        let all = sets.values.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        return all.sorted { $0.key < $1.key }.compactMap { name, sample in
            measures[name].map { NamedSet(name: name, sample: sample, measure: $0) }
        }
    }

    /// What the measures of the table say.
    package var explanation: String {
        MeasureTitle.explanations(of: named.map(\.measure))
    }

    /// The table.
    package var table: ScoreTable {
        var groups = Self.tasks.compactMap { task -> ScoreTable.Group? in
            let rows = named.filter { $0.task == task }.map(row)
            return rows.isEmpty ? nil : ScoreTable.Group(task, rows: rows)
        }
        let rows = means.rows(of: labels)
        if !rows.isEmpty { groups.append(ScoreTable.Group("Means of groups", rows: rows)) }
        return ScoreTable(columns: labels, groups: groups)
    }

    private func row(_ set: NamedSet) -> ScoreTable.Row {
        let cells = labels.map { label in
            sets[label]?[set.name].flatMap { ScoreTable.Cell($0, measure: set.measure) }
        }
        return ScoreTable.Row(
            set.name, metric: MeasureTitle.of(set.measure), queryCount: set.sample.queryCount,
            chance: set.sample.chance(of: set.measure), cells: cells)
    }

    // MARK: - Headline

    /// The sets that all columns have, of the measure that most of these have: figures of different
    /// measures have no mean.
    private var shared: [NamedSet] {
        let common = named.filter { set in labels.allSatisfy { sets[$0]?[set.name] != nil } }
        let groups = Dictionary(grouping: common, by: \.measure)
        return groups.max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }?.value ?? []
    }

    /// The column with the greatest mean over the shared sets; the first without any.
    private var best: String? {
        let shared = shared
        guard !shared.isEmpty else { return labels.first }
        return labels.max { (mean($0, shared) ?? 0) < (mean($1, shared) ?? 0) }
    }

    /// Which model the figures are of.
    package var lead: String {
        guard let best else { return "" }
        let rows = named.filter { sets[best]?[$0.name] != nil }
        let above = rows.filter { set in
            guard let score = sets[best]?[set.name], let chance = score.chance(of: set.measure),
                let interval = score.interval(of: set.measure)
            else { return false }
            return interval.lower > chance
        }
        var name = "the model \"\(best)\""
        if labels.count > 1, let first = shared.first {
            name =
                "the best model, \"\(best)\" (by its mean \(MeasureTitle.of(first.measure)) over "
                + "the \(NumberText.counted(shared.count, "set")) that all have)"
        }
        let count = NumberText.counted(rows.count, "set")
        return "Scores of \(name): on \(above.count) of \(count) its whole 95 % interval lies "
            + "above chance."
    }

    /// The best model's mean of each task and measure, beside chance and the first column.
    package var figures: [Summary.Figure] {
        guard let best else { return [] }
        return Self.tasks.flatMap { task -> [Summary.Figure] in
            let rows = named.filter { sets[best]?[$0.name] != nil && $0.task == task }
            let groups = Dictionary(grouping: rows, by: \.measure)
            return groups.sorted { $0.key < $1.key }.compactMap { measure, rows in
                figure(of: best, task, measure, rows)
            }
        }
    }

    private func figure(
        of best: String, _ task: String, _ measure: String, _ rows: [NamedSet]
    ) -> Summary.Figure? {
        var notes: [String] = []
        let chances = rows.compactMap { $0.sample.chance(of: measure) }
        if chances.count == rows.count { notes.append("chance \(percent(chances))") }
        if let first = labels.first, first != best, let value = mean(first, rows) {
            notes.append("\(first) \(percent([value]))")
        }
        if rows.count > 1 { notes.append("mean of \(NumberText.counted(rows.count, "set"))") }
        return mean(best, rows).map {
            Summary.Figure(
                percent([$0]), "\(task), \(MeasureTitle.of(measure))",
                note: notes.joined(separator: ", "))
        }
    }

    /// nil where a set was not scored; all sets are of one measure.
    private func mean(_ label: String, _ rows: [NamedSet]) -> Double? {
        let values = rows.compactMap { sets[label]?[$0.name]?.value(of: $0.measure) }
        return values.count == rows.count ? values.reduce(0, +) / Double(values.count) : nil
    }

    private func percent(_ values: [Double]) -> String {
        "\(NumberText.percent(values.reduce(0, +) / Double(values.count))) %"
    }
}
