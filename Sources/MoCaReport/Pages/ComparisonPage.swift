// Two evaluations side by side, as a page.

package import Foundation
import MoCaCore
package import MoCaEvaluation
import MoCaSettings

/// The page of `moca evaluate compare`.
package struct ComparisonPage {
    private let comparison: Comparison
    private let folders: (a: URL, b: URL)
    private let source: EvaluatedData?
    private let pictures: ReportPictures

    /// The limit on the encoded bytes of all images of the page.
    private static let pictureByteLimit = 10 << 20

    /// - Parameter pictures: makes the thumbnails of the page.
    /// - Throws: `EvaluationError.unreadableScores`.
    package init(
        _ comparison: Comparison, a: URL, b: URL, pictures: ReportPictures
    ) throws {
        self.comparison = comparison
        self.folders = (a, b)
        self.pictures = pictures
        let scores = try Scores(contentsOf: a.appending(path: Scores.fileName))
        source = EvaluatedData(scores.settings, roles: [])
        pictures.begin(allowing: Self.pictureByteLimit)
    }

    /// - Throws: `ReportError`.
    package func report() throws -> Report {
        var sections = [
            ReportSection("Headline", lead: lead, Summary(figures: figures)),
            ReportSection("Sets", lead: explanation, sets),
        ]
        if !comparison.groups.isEmpty {
            sections.append(ReportSection("Means of groups", groups))
        }
        if !notes.isEmpty { sections.append(ReportSection("What differs", notes)) }
        for (name, set) in comparison.sets.sorted(by: { $0.key < $1.key }) {
            sections.append(try section(name, set))
        }
        let left = pictures.leftOutCount
        return Report(
            title: "Comparison", subtitle: "A: \(folders.a.path); B: \(folders.b.path)",
            sections: sections,
            footer: "MoCa for Swift \(ProgramVersion.current)"
                + (left > 0 ? ". \(NumberText.counted(left, "picture")) left out" : ""))
    }

    private var lead: String {
        let differing = comparison.sets.values.count { $0.mean.isClear }
        return "Differences are B - A in points of per cent. On \(differing) of "
            + "\(NumberText.counted(comparison.sets.count, "set")) the whole 95 % interval of the "
            + "difference lies on one side of 0."
    }

    private let explanation = """
        95 %: a paired bootstrap, queries are drawn anew with what both gave them. p: how often no \
        difference would give one like it. Better, worse, same: queries.
        """

    private var figures: [Summary.Figure] {
        comparison.groups.sorted { $0.key < $1.key }.map { name, group in
            Summary.Figure(
                signed(group.difference), "\(name), \(MeasureTitle.of(group.metric))",
                note:
                    "\(NumberText.percent(group.a)) to \(NumberText.percent(group.b)), 95 % \(range(group))"
            )
        }
    }

    private static let heads = ["measure", "A", "B", "B - A", "95 %", "p"]

    private var sets: ReportTable {
        ReportTable(
            ["Set"] + Self.heads + ["better", "worse", "same"],
            rows: comparison.sets.sorted { $0.key < $1.key }.map { name, set in
                [name] + cells(set.mean) + [set.wins, set.losses, set.ties].map(String.init)
            }, cells: .numbers)
    }

    private var groups: ReportTable {
        ReportTable(
            ["Group"] + Self.heads,
            rows: comparison.groups.sorted { $0.key < $1.key }.map { [$0.key] + cells($0.value) },
            cells: .numbers)
    }

    private func cells(_ difference: Comparison.Difference) -> [String] {
        [
            MeasureTitle.of(difference.metric), NumberText.percent(difference.a),
            NumberText.percent(difference.b),
            signed(difference.difference), range(difference),
            difference.probability.map { NumberText.decimal($0, digits: 4) } ?? "",
        ]
    }

    private var notes: [RunSentence] {
        let only = [("A", comparison.onlyInA), ("B", comparison.onlyInB)].filter {
            !$0.1.isEmpty
        }.map { RunSentence("Only in \($0), left out: \($1.joined(separator: ", ")).") }
        let settings = comparison.settings.sorted { $0.key < $1.key }.map { name, values in
            let texts = values.map { $0?.description ?? "none" }
            return RunSentence("Setting \(name): \(texts.joined(separator: " -> "))")
        }
        return only + settings
    }

    // MARK: Examples

    private func section(_ name: String, _ set: Comparison.SetComparison) throws -> ReportSection {
        guard set.wins + set.losses > 0 else {
            return ReportSection(
                name, [RunSentence("Both answer every query equally well.")])
        }
        let shown = InputPreviews(
            source, set: name, pictures: pictures,
            inputs: (set.gained + set.lost).map { (query: $0.query, input: $0.input) })
        var parts: [ReportSection] = []
        for (title, examples) in [("B is better", set.gained), ("B is worse", set.lost)] {
            let cards = try examples.map { try card($0, shown) }
            if !cards.isEmpty { parts.append(ReportSection(title, cards)) }
        }
        guard !parts.isEmpty else {
            let counts = [(set.wins, "better"), (set.losses, "worse")].map { "\($0) \($1)" }
            return ReportSection(
                name,
                [
                    RunSentence(
                        "B answers \(counts.joined(separator: " and ")); no examples are listed.")
                ])
        }
        return ReportSection(name, lead: shown.problem, parts)
    }

    private func card(_ example: Comparison.Example, _ shown: InputPreviews) throws -> QueryCard {
        let right = Set(example.relevant)
        let first = [("first of A", example.bestOfA), ("first of B", example.bestOfB)]
        var results = try first.compactMap { name, candidate in
            try candidate.map {
                try result($0.id, of: example, shown, name, Double($0.score), right)
            }
        }
        let listed = Set(first.compactMap { $0.1?.id })
        results += try example.relevant.filter { !listed.contains($0) }.map {
            try result($0, of: example, shown, "below", .nan, right)
        }
        var card = QueryCard(
            try shown.query(example.query), note: example.query, results: results)
        card.statement =
            "\(NumberText.percent(example.a)) by A, \(NumberText.percent(example.b)) by B"
        return card
    }

    private func result(
        _ id: String, of example: Comparison.Example, _ shown: InputPreviews, _ name: String,
        _ score: Double, _ right: Set<String>
    ) throws -> QueryCard.Result {
        var result = QueryCard.Result(
            try shown.candidate(id, of: example.query), score: score, isRight: right.contains(id))
        result.place = .named(name)
        return result
    }

    private func signed(_ share: Double) -> String {
        (share < 0 ? "" : "+") + NumberText.percent(share)
    }

    private func range(_ difference: Comparison.Difference) -> String {
        difference.interval.map {
            "\(NumberText.percent($0.lower)) to \(NumberText.percent($0.upper))"
        }
            ?? ""
    }
}

extension Comparison.Difference {
    /// Whether the interval excludes 0.
    fileprivate var isClear: Bool { interval.map { $0.lower > 0 || $0.upper < 0 } ?? false }
}
