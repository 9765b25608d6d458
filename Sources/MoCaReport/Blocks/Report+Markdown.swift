// The report as Markdown, without its images.

package import Foundation
import MoCaRunLog
import MoCaSystem

extension Report {
    /// The report as Markdown, without images; a curve becomes its first and last values.
    package func markdown() -> String {
        var parts = ["# \(Markdown.text(title))"]
        if !subtitle.isEmpty { parts.append(Markdown.paragraph(subtitle)) }
        parts += sections.map { $0.markdown(level: 2) }
        if !footer.isEmpty { parts.append("---\n\n\(Markdown.paragraph(footer))") }
        return parts.joined(separator: "\n\n") + "\n"
    }

    /// Writes the Markdown file atomically.
    ///
    /// - Throws: `ReportError.cannotWrite`.
    package func writeMarkdown(to file: URL) throws {
        do {
            try AtomicFile.write(Data(markdown().utf8), to: file)
        } catch {
            throw ReportError.cannotWrite(file: file.path, reason: error.fileReason)
        }
    }
}

extension ReportSection {
    fileprivate func markdown(level: Int) -> String {
        let heading = "\(String(repeating: "#", count: level)) \(Markdown.text(title))"
        let content =
            switch body {
            case .summary(let summary): summary.markdown
            case .chart(let chart): LossChart.markdown([chart])
            case .charts(let charts): LossChart.markdown(charts)
            case .scores(let table): table.markdown(level: level + 1)
            case .queries(let cards): cards.map(\.markdown).joined(separator: "\n\n")
            case .reconstructions(let rows):
                rows.map { "- \(Markdown.paragraph($0.caption))" }.joined(separator: "\n")
            case .samples(let cards): cards.map(\.markdown).joined(separator: "\n\n")
            case .histograms(let histograms):
                histograms.map(\.markdown).joined(separator: "\n\n")
            case .sentences(let sentences): RunSentence.markdown(sentences)
            case .similarities(let charts):
                charts.map(\.markdown).joined(separator: "\n\n")
            case .series(let series): series.map(\.markdown).joined(separator: "\n\n")
            case .table(let table): table.markdown
            case .heatMaps(let maps): HeatMap.markdown(maps)
            case .parts(let parts):
                parts.map { $0.markdown(level: level + 1) }.joined(separator: "\n\n")
            }
        return [heading, Markdown.paragraph(lead), content].filter { !$0.isEmpty }
            .joined(separator: "\n\n")
    }
}

extension Summary {
    fileprivate var markdown: String {
        let lines = figures.map { figure in
            let note = figure.note.isEmpty ? "" : " (\(Markdown.text(figure.note)))"
            return "- **\(Markdown.text(figure.value))** \(Markdown.text(figure.label))\(note)"
        }
        let table =
            settings.isEmpty
            ? ""
            : Markdown.table(["Setting", "Value"], settings.map { [$0.name, $0.value] })
        return [lines.joined(separator: "\n"), table].filter { !$0.isEmpty }
            .joined(separator: "\n\n")
    }
}

extension LossChart {
    fileprivate static func markdown(_ charts: [LossChart]) -> String {
        let rows = charts.flatMap { chart in
            chart.curves.map { curve -> [String] in
                let values = chart.smoothed(curve)
                let ends = [values.first, values.last].map { $0?.value.short ?? "n/a" }
                let least = curve.points.map(\.value).filter(\.isFinite).min()
                return ["\(curve.name) (\(chart.valueName))"] + ends + [least?.short ?? "n/a"]
            }
        }
        return Markdown.table(["Curve", "first", "last", "lowest"], rows, isNumeric: true)
    }
}

extension ScoreTable {
    fileprivate func markdown(level: Int) -> String {
        let head = ["Set", "measure", "queries", "chance"] + columns
        return groups.map { group in
            let rows = group.rows.map { row in
                let name = row.note.isEmpty ? row.name : "\(row.name) (\(row.note))"
                return [
                    name, row.metric, row.queryCount.map(String.init) ?? "",
                    row.chance.map(Self.percent) ?? "",
                ]
                    + columns.indices.map { $0 < row.cells.count ? Self.cell(row.cells[$0]) : "" }
            }
            let table = Markdown.table(head, rows, isNumeric: true)
            guard !group.name.isEmpty else { return table }
            return
                "\(String(repeating: "#", count: level)) \(Markdown.text(group.name))\n\n\(table)"
        }.joined(separator: "\n\n")
    }

    private static func cell(_ cell: Cell?) -> String {
        guard let cell else { return "" }
        let value = cell.value.isFinite ? percent(cell.value) : ""
        let range = cell.interval.map {
            "\(percent($0.lowerBound)) to \(percent($0.upperBound))"
        }
        let notes = [range, cell.note.isEmpty ? nil : cell.note].compactMap { $0 }
            .joined(separator: "; ")
        return value.isEmpty || notes.isEmpty ? value + notes : "\(value) (\(notes))"
    }

    private static func percent(_ share: Double) -> String { (100 * share).fixed(1) }
}

extension QueryCard {
    fileprivate var markdown: String {
        let title = [note, query.label].filter { !$0.isEmpty }.map(Markdown.text)
            .joined(separator: ": ")
        let rows = results.enumerated().map { index, result in
            [
                result.rankText(index: index), result.scoreText,
                result.isRight ? "right" : "", result.content.label,
            ]
        }
        let table = Markdown.table(["rank", "cosine", "", "result"], rows)
        return "**\(title)**\n\n\(Markdown.paragraph(verdict)).\n\n\(table)"
    }
}

extension ReportContent {
    /// The text, or the image's description.
    fileprivate var label: String {
        guard let image else { return text }
        return text.isEmpty ? "[\(image.description)]" : "[\(image.description)] \(text)"
    }
}

extension SampleCard {
    fileprivate var markdown: String {
        let lines = sides.map { side in
            let text = side.chips.map(\.text).joined()
            let warning = side.warning.isEmpty ? "" : " **\(Markdown.text(side.warning))**"
            return "- \(Markdown.text(side.name)), \(Markdown.text(side.note)): "
                + "\(Markdown.text(text))\(warning)"
        }
        let fault = problem.isEmpty ? [] : ["**\(Markdown.text(problem))**"]
        return (["**\(Markdown.text(name))**"] + fault + [lines.joined(separator: "\n")])
            .filter { !$0.isEmpty }.joined(separator: "\n\n")
    }
}

extension Histogram {
    fileprivate var markdown: String {
        let table = Markdown.table(
            ["range", "count"], bars.map { [$0.label, "\($0.count)"] }, isNumeric: true)
        return "**\(Markdown.text(name))** \(Markdown.text(note))\n\n\(table)"
    }
}

extension RunSentence {
    fileprivate static func markdown(_ sentences: [RunSentence]) -> String {
        sentences.map { sentence in
            let text = Markdown.paragraph(sentence.text)
            return sentence.isWarning ? "- **Attention:** \(text)" : "- \(text)"
        }.joined(separator: "\n")
    }
}

extension SimilarityChart {
    fileprivate var markdown: String {
        let shown = rows.map {
            ["\($0.step)", $0.positive.mean.fixed(3), $0.negative.mean.fixed(3)]
        }
        return "**\(Markdown.text(name))**\n\n"
            + Markdown.table(["step", "positives", "others"], shown, isNumeric: true)
    }
}

extension ReconstructionSeries {
    fileprivate var markdown: String {
        let rows = steps.map { ["\($0.step)", $0.error?.fixed(3) ?? ""] }
        return "**\(Markdown.text(record))**, mean of the visible patches "
            + "\(baseline?.fixed(3) ?? "n/a")\n\n"
            + Markdown.table(["step", "error"], rows, isNumeric: true)
    }
}

extension ReportTable {
    fileprivate var markdown: String {
        rows.isEmpty ? "Nothing." : Markdown.table(columns, rows, isNumeric: cells == .numbers)
    }
}
