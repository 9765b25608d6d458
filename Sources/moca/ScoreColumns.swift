// Files of scores as the columns of one table.

import Foundation
import MoCaEvaluation
import MoCaReport

/// Models side by side.
struct ScoreColumns {
    /// In the order of their first file.
    private var labels: [String] = []
    private var sets: [String: [String: SetScore]] = [:]

    static let explanation = """
        Precision at 1: the share of queries whose best candidate is the right one. nDCG@5: the \
        right documents among the best five, weighted by rank.
        """

    /// Files of one label are one column; of a set in several, the last counts.
    ///
    /// - Throws: `EvaluationError.unreadableScores`.
    init(_ files: [LabelledFile]) throws {
        for file in files {
            let scores = try Scores(contentsOf: URL(fileURLWithPath: file.path))
            if sets[file.label] == nil { labels.append(file.label) }
            sets[file.label, default: [:]].merge(scores.sets) { $1 }
        }
    }

    /// The measure that stands for a set, and how a reader calls it.
    private static func metric(of score: SetScore) -> (key: String, name: String) {
        if case .precision = score { return ("precision_at_1", "precision at 1") }
        return ("ndcg_at_5", "nDCG@5")
    }

    /// All sets, each with a score of any column.
    private var names: [(name: String, sample: SetScore)] {
        let all = sets.values.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
        return all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    /// The table.
    var table: ScoreTable {
        let groups = TaskKind.allCases.compactMap { kind -> ScoreTable.Group? in
            let rows = names.filter { TaskKind(of: $0.name, $0.sample) == kind }
                .map { row($0.name, $0.sample) }
            return rows.isEmpty ? nil : ScoreTable.Group(kind.rawValue, rows: rows)
        }
        return ScoreTable(columns: labels, groups: groups)
    }

    private func row(_ name: String, _ sample: SetScore) -> ScoreTable.Row {
        let metric = Self.metric(of: sample)
        let cells = labels.map { label -> ScoreTable.Cell? in
            guard let score = sets[label]?[name], let value = score.value(of: metric.key) else {
                return nil
            }
            let interval = score.interval(of: metric.key)
                .map { min($0.lower, $0.upper)...max($0.lower, $0.upper) }
            return ScoreTable.Cell(value, interval: interval)
        }
        return ScoreTable.Row(
            name, metric: metric.name, queryCount: sample.queryCount,
            chance: sample.chance(of: metric.key), cells: cells)
    }

    // MARK: - Headline

    /// The column with the greatest mean over the sets that all columns have.
    private var best: String? {
        let shared = names.filter { name, _ in labels.allSatisfy { sets[$0]?[name] != nil } }
        func mean(_ label: String) -> Double {
            shared.reduce(0) { sum, set in
                let metric = Self.metric(of: set.sample).key
                return sum + (sets[label]?[set.name]?.value(of: metric) ?? 0)
            }
        }
        return labels.max { mean($0) < mean($1) }
    }

    /// Which model the figures are of.
    var lead: String {
        guard let best else { return "" }
        let rows = names.filter { sets[best]?[$0.name] != nil }
        let above = rows.filter { name, sample in
            let key = Self.metric(of: sample).key
            guard let score = sets[best]?[name], let chance = score.chance(of: key),
                let interval = score.interval(of: key)
            else { return false }
            return interval.lower > chance
        }
        return "Scores of the best model, \"\(best)\": on \(above.count) of \(rows.count) sets "
            + "its whole 95 % interval lies above chance."
    }

    /// The best model's mean of each kind of task, beside chance and the first column.
    var figures: [Summary.Figure] {
        guard let best else { return [] }
        return TaskKind.allCases.compactMap { kind in
            let rows = names.filter {
                sets[best]?[$0.name] != nil && TaskKind(of: $0.name, $0.sample) == kind
            }
            guard !rows.isEmpty else { return nil }
            var notes: [String] = []
            let chances = rows.compactMap { $0.sample.chance(of: Self.metric(of: $0.sample).key) }
            if chances.count == rows.count { notes.append("chance \(percent(chances))") }
            if let first = labels.first, first != best, let value = mean(first, rows) {
                notes.append("\(first) \(percent([value]))")
            }
            let metric = Self.metric(of: rows[0].sample).name
            return mean(best, rows).map {
                Summary.Figure(
                    percent([$0]), "\(kind.rawValue), \(metric)",
                    note: notes.joined(separator: ", "))
            }
        }
    }

    private func mean(_ label: String, _ rows: [(name: String, sample: SetScore)]) -> Double? {
        let values = rows.compactMap {
            sets[label]?[$0.name]?.value(of: Self.metric(of: $0.sample).key)
        }
        return values.count == rows.count ? values.reduce(0, +) / Double(values.count) : nil
    }

    private func percent(_ values: [Double]) -> String {
        "\(Message.text(100 * values.reduce(0, +) / Double(values.count), 1)) %"
    }
}

/// What a set asks for, told by its name as MMEB names sets.
private enum TaskKind: String, CaseIterable {
    case textToImage = "Text to image"
    case imageToText = "Image to text"
    case classification = "Classification"
    case question = "Questions about images"
    case grounding = "Visual grounding"
    case text = "Text retrieval"
    case pages = "Document retrieval"
    case other = "Other sets"

    init(of name: String, _ score: SetScore) {
        let groups = BenchmarkSuite.mmeb.groups.filter { $0.sets.contains(name) }.map(\.name)
        self =
            if case .retrieval = score {
                .pages
            } else if name.contains("_t2i") {
                .textToImage
            } else if name.contains("_i2t") {
                .imageToText
            } else if name.hasSuffix("_cls") || groups.contains("Classification") {
                .classification
            } else if name.contains("VQA") || groups.contains("VQA") {
                .question
            } else if groups.contains("Visual Grounding") {
                .grounding
            } else if name.contains("2word") || name.contains("_t2t") {
                .text
            } else {
                .other
            }
    }
}

extension SetScore {
    /// Queries that were asked and judged.
    fileprivate var queryCount: Int {
        switch self {
        case .precision(let score): score.queryCount
        case .retrieval(let score): score.queryCount
        }
    }
}
