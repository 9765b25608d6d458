// Published scores beside our own.

import MoCaCore
import MoCaEvaluation

/// Published scores of other models on the same sets.
struct PublishedSection {
    private let averages: PublishedFigures.Beside
    private let single: PublishedFigures.Beside

    /// - Throws: `EvaluationError.unreadableScores`.
    init(_ scores: Scores) throws {
        let published = try PublishedFigures()
        averages = published.averages(beside: scores)
        single = published.sets(beside: scores)
    }

    /// The sections; empty if nothing was published for these sets.
    var sections: [ReportSection] {
        var parts: [ReportSection] = []
        if !averages.labels.isEmpty {
            parts.append(
                ReportSection(
                    "Averages", lead: "Each under its own label, over the same sets as ours.",
                    Self.table(averages)))
        }
        if !single.labels.isEmpty {
            parts.append(
                ReportSection("Single sets", Self.sets(single)))
        }
        if !averages.refusals.isEmpty {
            let sentences = averages.refusals.sorted { $0.key < $1.key }.map {
                RunSentence("\($0.key): \($0.value).")
            }
            parts.append(
                ReportSection(
                    "Not comparable",
                    lead: "Averages that were published, and why ours is none of them.",
                    sentences))
        }
        guard !parts.isEmpty else { return [] }
        return [
            ReportSection(
                "Published figures", lead: "Per cent, as printed; the source stands beside each.",
                parts)
        ]
    }

    private static func table(_ beside: PublishedFigures.Beside) -> ReportTable {
        let ours = ["this evaluation", ""] + beside.ours.map(NumberText.percent) + [""]
        let rows = beside.entries.map { entry in
            [entry.model, entry.size ?? ""]
                + beside.labels.map {
                    entry.scores[$0].map { NumberText.decimal($0, digits: 1) } ?? ""
                }
                + [source(of: entry)]
        }
        return ReportTable(["Model", "size"] + beside.labels + ["source"], rows: [ours] + rows)
    }

    /// One row for each set, one column for each published entry.
    private static func sets(_ beside: PublishedFigures.Beside) -> ReportTable {
        let heads = beside.entries.map { "\($0.model) (\(source(of: $0)))" }
        let rows = zip(beside.labels, beside.ours).map { label, value in
            [label, NumberText.percent(value)]
                + beside.entries.map {
                    $0.scores[label].map { NumberText.decimal($0, digits: 1) } ?? ""
                }
        }
        return ReportTable(["Set", "this evaluation"] + heads, rows: rows, cells: .numbers)
    }

    private static func source(of entry: PublishedFigures.Entry) -> String {
        entry.note.map { "\(entry.source); \($0)" } ?? entry.source
    }
}
