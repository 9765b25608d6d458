// Score files as the columns of one table.

import Foundation
import MoCaCore
import MoCaEvaluation

/// A score file with the label of its column.
package struct LabelledFile: Hashable, Sendable {
    package let label: String
    package let path: String

    package init(label: String, path: String) {
        self.label = label
        self.path = path
    }
}

/// The scores of several models, one column for each label.
package struct ScoreColumns {
    /// The labels in the order of their first file.
    private var labels: [String] = []
    private var sets: [String: [String: SetScore]] = [:]
    /// The headline measure of each set, from the first file that has the set.
    private var measures: [String: String] = [:]
    /// The group means as recorded in the files.
    private var means = GroupRows()

    /// Reads score files. Files with one label share a column; if several have a set, the last
    /// counts.
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

    /// One set, with the score of one of the columns.
    private struct NamedSet {
        let name: String
        let sample: SetScore
        let measure: String

        /// The task of the set, according to its benchmark.
        var task: String {
            if case .retrieval = sample { return ScoreColumns.documentTask }
            return BenchmarkSuite.mmeb.task(of: name) ?? ScoreColumns.otherTask
        }
    }

    private static let documentTask = "Document retrieval"
    /// The task name of sets that belong to no benchmark.
    private static let otherTask = "Other sets"
    private static let tasks = BenchmarkSuite.mmeb.tasks + [documentTask, otherTask]

    private var named: [NamedSet] {
        let all = sets.values.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        return all.sorted { $0.key < $1.key }.compactMap { name, sample in
            measures[name].map { NamedSet(name: name, sample: sample, measure: $0) }
        }
    }

    /// An explanation of the table's measures.
    package var explanation: String {
        MeasureTitle.explanations(of: named.map(\.measure))
    }

    /// The scores as a table.
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

    /// The sets that all columns have, restricted to the measure most common among them: different
    /// measures cannot be averaged.
    private var shared: [NamedSet] {
        let common = named.filter { set in labels.allSatisfy { sets[$0]?[set.name] != nil } }
        let groups = Dictionary(grouping: common, by: \.measure)
        return groups.max { ($0.value.count, $1.key) < ($1.value.count, $0.key) }?.value ?? []
    }

    /// The column with the largest mean over the shared sets; the first if there are none.
    private var best: String? {
        let shared = shared
        guard !shared.isEmpty else { return labels.first }
        return labels.max { (mean($0, shared) ?? 0) < (mean($1, shared) ?? 0) }
    }

    /// A sentence that names the model of the figures.
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

    /// The best model's mean for each task and measure, with chance and the first column's mean.
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

    /// The mean over `rows`, which share one measure; nil if a set was not scored.
    private func mean(_ label: String, _ rows: [NamedSet]) -> Double? {
        let values = rows.compactMap { sets[label]?[$0.name]?.value(of: $0.measure) }
        return values.count == rows.count ? values.reduce(0, +) / Double(values.count) : nil
    }

    private func percent(_ values: [Double]) -> String {
        "\(NumberText.percent(values.reduce(0, +) / Double(values.count))) %"
    }
}
