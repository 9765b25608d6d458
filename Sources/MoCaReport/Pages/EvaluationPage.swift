// The report of an evaluation: scores with their uncertainty, and the results behind them.

package import Foundation
import MoCaCore
package import MoCaEmbedding
package import MoCaEvaluation
import MoCaSettings

/// The files `report.html` and `report.md` in an evaluation's folder.
package struct EvaluationPage {
    private let scores: Scores
    private let output: URL
    private let source: EvaluatedData?
    private let embedder: Embedder?
    private let pictures: ReportPictures

    /// - Parameters:
    ///   - output: the evaluation's folder.
    ///   - embedder: the model that was scored, for heat maps; nil omits them.
    ///   - pictures: makes the thumbnails of the page.
    package init(
        _ scores: Scores, in output: URL, embedder: Embedder? = nil, pictures: ReportPictures
    ) {
        self.scores = scores
        self.output = output
        self.embedder = embedder
        self.pictures = pictures
        source = EvaluatedData(
            scores.settings, roles: Set(embedder?.roles ?? []),
            hasImagePrompt: embedder?.hasImagePrompt ?? false)
    }

    /// The limit on the encoded bytes of all images. It keeps a page of 36 sets under 20 MB: base64
    /// turns three bytes into four, and long heat maps take up to 5 MB.
    private static let pictureByteLimit = 10 << 20

    /// Writes `report.html` and `report.md`.
    ///
    /// - Returns: the URL of the page.
    /// - Throws: `EvaluationError.unreadableScores`, `ReportError`, and the errors of the model.
    package func write() async throws -> URL {
        let report = try await report()
        let files = Scores.reportNames.map { output.appending(path: $0) }
        try report.write(to: files[0])
        try report.writeMarkdown(to: files[1])
        return files[0]
    }

    private func report() async throws -> Report {
        var sections = [
            ReportSection("Headline", lead: lead, Summary(figures: figures)),
            ReportSection("Scores", lead: explanation, table),
        ]
        // A set of MMEB has one measure, which is already shown above.
        if scores.sets.values.contains(where: { $0.values.count > 1 }) {
            sections.append(ReportSection("All measures", lead: "Per cent.", measures))
        }
        if let languages { sections.append(ReportSection("By language", languages)) }
        sections += [
            ReportSection("What hangs on rounding", lead: stabilityLead, stability)
        ]
        sections += try PublishedSection(scores).sections
        sections += try await sets(pictures)
        sections.append(
            ReportSection("Settings", Summary(figures: [], settings: settings)))
        var footer = "MoCa for Swift \(ProgramVersion.current)"
        if pictures.leftOutCount > 0 {
            footer +=
                ". \(NumberText.counted(pictures.leftOutCount, "picture")) left out, so that "
                + "the page does not become too big"
        }
        return Report(
            title: "Evaluation", subtitle: subtitle, sections: sections, footer: footer)
    }

    private var subtitle: String {
        let model = scores.settings["model"]?.description ?? output.path
        return "\(model), \(NumberText.counted(names.count, "set"))"
    }

    private var names: [String] { scores.sets.keys.sorted() }

    private func sets(_ pictures: ReportPictures) async throws -> [ReportSection] {
        var (sections, left) = ([ReportSection](), Self.pictureByteLimit)
        let maker = embedder.map { HeatMapMaker($0, pictures: pictures) }
        for (number, name) in names.enumerated() {
            let allowance = left / (names.count - number)
            pictures.begin(allowing: allowance)
            let page = try EvaluatedSetPage(
                name, measure: scores.headline(of: name),
                outcomes: .init(set: name, in: output, hash: scores.outcomes[name]),
                source: source, pictures: pictures, maker: maker)
            sections.append(try await page.section())
            left -= allowance - pictures.allowance
        }
        return sections
    }

    // MARK: Scores

    private var lead: String {
        let missing = scores.groups.filter { !$0.value.missing.isEmpty }.count
        let part = scores.partReason.map { "Take note: \($0). " } ?? ""
        let text = part + "In per cent, with 95 % intervals: queries are drawn anew."
        return missing == 0
            ? text
            : text + " \(NumberText.counted(missing, "group")) without a mean, because sets are "
                + "missing: a mean over other sets is another figure."
    }

    private var figures: [Summary.Figure] {
        let order = scores.groups.sorted {
            ($0.key != Scores.meanOfAll ? 1 : 0, $0.key)
                < ($1.key != Scores.meanOfAll ? 1 : 0, $1.key)
        }
        return order.compactMap { name, group in
            guard let mean = group.mean else { return nil }
            var notes = [NumberText.counted(group.sets.count, "set")]
            if let interval = group.interval?.range {
                notes.append(
                    "\(NumberText.percent(interval.lowerBound)) to \(NumberText.percent(interval.upperBound))"
                )
            }
            if let chance = scores.chance(of: group) {
                notes.append("chance \(NumberText.percent(chance))")
            }
            let title = MeasureTitle.of(group.metric)
            return Summary.Figure(
                "\(NumberText.percent(mean)) %",
                name == Scores.meanOfAll ? "mean \(title)" : "\(name), \(title)",
                note: notes.joined(separator: ", "))
        }
    }

    private var explanation: String {
        MeasureTitle.explanations(of: names.map(scores.headline))
    }

    private var table: ScoreTable {
        let rows = names.compactMap { name -> ScoreTable.Row? in
            guard let score = scores.sets[name] else { return nil }
            let measure = scores.headline(of: name)
            return ScoreTable.Row(
                name, metric: MeasureTitle.of(measure), queryCount: score.queryCount,
                chance: score.chance(of: measure),
                cells: [ScoreTable.Cell(score, measure: measure)])
        }
        var means = GroupRows()
        means.add(scores, as: "score")
        return ScoreTable(
            columns: ["score"],
            groups: [
                .init("Sets", rows: rows),
                .init("Means of groups", rows: means.rows(of: ["score"])),
            ])
    }

    private var measures: ReportTable {
        let rows = names.compactMap { name in scores.sets[name].map { (name, $0) } }
        return Self.measures(rows)
    }

    private var languages: ReportTable? {
        let rows = names.flatMap { name -> [(String, SetScore)] in
            guard case .retrieval(let score)? = scores.sets[name] else { return [] }
            return score.byLanguage.sorted { $0.key < $1.key }
                .map { ("\(name), \($0.key)", .retrieval($0.value)) }
        }
        return rows.isEmpty ? nil : Self.measures(rows)
    }

    private static func measures(_ rows: [(String, SetScore)]) -> ReportTable {
        let keys = Set(rows.flatMap { $0.1.values.keys }).sorted { first, second in
            let parts = [first, second].map { $0.split(separator: "_") }
            let cutoffs = parts.map { $0.last.flatMap { Int($0) } ?? 0 }
            return (String(parts[0].first ?? ""), cutoffs[0])
                < (String(parts[1].first ?? ""), cutoffs[1])
        }
        return ReportTable(
            ["Set", "queries"] + keys.map(MeasureTitle.of),
            rows: rows.map { name, score in
                [name, "\(score.queryCount)"]
                    + keys.map { score.value(of: $0).map(NumberText.percent) ?? "" }
            }, cells: .numbers)
    }

    // MARK: Trust

    private var stabilityLead: String {
        "Another batch size or order of inputs moves a similarity by at most "
            + "\(QueryOutcome.Stability.margin). Queries in which such a difference, or a tie, "
            + "decides which of a right and a wrong candidate goes first:"
    }

    private var stability: ReportTable {
        let rows = names.compactMap { name -> [String]? in
            guard let score = scores.sets[name], let count = score.stability else { return nil }
            let share = Double(count.withinMargin) / Double(max(1, score.queryCount))
            return [
                name, "\(score.queryCount)", "\(count.tied)", "\(count.withinMargin)",
                "\(NumberText.percent(share)) %",
            ]
        }
        return ReportTable(
            ["Set", "queries", "tied", "tied or within the margin", "share"], rows: rows,
            cells: .numbers)
    }

    private var settings: [Summary.Setting] {
        scores.settings.sorted { $0.key < $1.key }.map { .init($0.key, $0.value.description) }
            + scores.data.sorted { $0.key < $1.key }.map { .init("data of \($0.key)", $0.value) }
    }
}

/// The location of an evaluation's inputs, according to its settings.
struct EvaluatedData {
    let benchmark: Benchmark
    let data: URL
    let images: URL?
    let roles: Set<Role>
    /// Whether the model has a prompt for images in any role.
    let hasImagePrompt: Bool
    /// What queries were embedded for; nil for the model's own instruction.
    let instruction: String?

    /// Reads the location from `settings`; nil if they do not contain it.
    init?(_ settings: [String: JSON], roles: Set<Role>, hasImagePrompt: Bool = false) {
        guard let name = settings["benchmark"]?.description,
            let benchmark = Benchmark(rawValue: name), let data = settings["data"]?.description
        else { return nil }
        self.benchmark = benchmark
        self.data = URL(fileURLWithPath: data, isDirectory: true)
        images = settings["images"].map {
            URL(fileURLWithPath: $0.description, isDirectory: true)
        }
        self.roles = roles
        self.hasImagePrompt = hasImagePrompt
        instruction = settings["query_instruction"]?.description
    }

    /// The inputs of one set.
    ///
    /// - Throws: `DataError`, `EvaluationError`.
    func contents(of set: String) throws -> SetContents {
        try SetContents(
            set, of: benchmark, data: data, images: images, roles: roles,
            hasImagePrompt: hasImagePrompt, instruction: instruction)
    }
}
