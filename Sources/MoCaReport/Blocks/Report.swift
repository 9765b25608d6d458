// A self-contained HTML page about a run: no network, no script, no other files.

package import Foundation
import MoCaSystem

/// A report: a title and sections, rendered as one HTML file.
///
///     let report = Report(title: "MoCa demo", sections: [
///         ReportSection("Scores", .scores(table)),
///     ])
///     try report.write(to: url)
package struct Report: Sendable {
    package var title: String
    /// A sentence under the title.
    package var subtitle: String
    package var sections: [ReportSection]
    /// The last line of the page, such as the version and date.
    package var footer: String

    package init(
        title: String, subtitle: String = "", sections: [ReportSection], footer: String = ""
    ) {
        self.title = title
        self.subtitle = subtitle
        self.sections = sections
        self.footer = footer
    }

    /// The page as HTML.
    package func html() -> String {
        let links: [HTML] = sections.enumerated().map { number, section in
            "<li><a href=\"#section-\(number + 1)\">\(section.title)</a></li>\n"
        }
        let bodies = sections.enumerated().map { $1.html(number: $0 + 1) }
        // The policy forbids the page to load anything.
        let page: HTML = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8" />
            <meta name="viewport" content="width=device-width, initial-scale=1" />
            <meta http-equiv="Content-Security-Policy" \
            content="default-src 'none'; img-src data:; style-src 'unsafe-inline'" />
            <meta name="color-scheme" content="light dark" />
            <title>\(title)</title>
            <style>
            \(Stylesheet.css)
            </style>
            </head>
            <body>
            <a class="skip" href="#main">Skip to the content</a>
            <header>
            <h1>\(title)</h1>
            \(subtitle.isEmpty ? nil : "<p class=\"subtitle\">\(subtitle)</p>" as HTML?)
            </header>
            <nav aria-label="Sections"><ul>
            \(links)</ul></nav>
            <main id="main">
            \(bodies)
            </main>
            <footer><p>\(footer)</p></footer>
            </body>
            </html>

            """
        return page.markup
    }

    /// Writes the page atomically.
    ///
    /// - Throws: `ReportError.cannotWrite`.
    package func write(to file: URL) throws {
        do {
            try AtomicFile.write(Data(html().utf8), to: file)
        } catch {
            throw ReportError.cannotWrite(file: file.path, reason: error.fileReason)
        }
    }
}

/// One section of a report.
package struct ReportSection: Sendable {
    /// The content of a section.
    package indirect enum Body: Sendable {
        /// Figures and settings.
        case summary(Summary)
        /// Curves over the steps of a run.
        case chart(LossChart)
        /// Scores by set and model.
        case scores(ScoreTable)
        /// Queries with their best results.
        case queries([QueryCard])
        /// Original, masked and reconstructed images.
        case reconstructions([Reconstruction])
        /// Samples of training data.
        case samples([SampleCard])
        /// Distributions of values.
        case histograms([Histogram])
        /// A summary in sentences.
        case sentences([RunSentence])
        /// Small charts side by side.
        case charts([LossChart])
        /// Similarities of queries to positives and to other candidates.
        case similarities([SimilarityChart])
        /// Reconstructions of masked images at several steps.
        case series([ReconstructionSeries])
        /// A table of text.
        case table(ReportTable)
        /// Contributions of tokens to the similarity of contents.
        case heatMaps([HeatMap])
        /// Several sections under their own headings.
        case parts([ReportSection])
    }

    package var title: String
    /// Sentences that introduce the content.
    package var lead: String
    package var body: Body

    package init(_ title: String, lead: String = "", _ body: Body) {
        self.title = title
        self.lead = lead
        self.body = body
    }

    /// The section as HTML; `number` is part of its anchor.
    func html(number: Int) -> HTML {
        """
        <section id="section-\(number)" aria-labelledby="title-\(number)">
        <h2 id="title-\(number)">\(title)</h2>
        \(leadHTML)
        \(content(name: "\(number)"))
        </section>

        """
    }

    private var leadHTML: HTML? { lead.isEmpty ? nil : "<p class=\"lead\">\(lead)</p>" }

    /// - Parameter name: distinguishes the controls of charts.
    private func content(name: String) -> HTML {
        switch body {
        case .summary(let summary): summary.html
        case .chart(let chart): chart.html(name: "chart-\(name)")
        case .scores(let table): table.html
        case .queries(let cards): QueryCard.html(cards)
        case .reconstructions(let rows): Reconstruction.html(rows)
        case .samples(let cards): SampleCard.html(cards)
        case .histograms(let histograms): Histogram.html(histograms)
        case .sentences(let sentences): RunSentence.html(sentences)
        case .charts(let charts): Self.grid(charts)
        case .similarities(let charts): SimilarityChart.html(charts)
        case .series(let series): ReconstructionSeries.html(series)
        case .table(let table): table.html
        case .heatMaps(let maps): HeatMap.html(maps)
        case .parts(let parts): Self.html(parts, name: name)
        }
    }

    private static func html(_ parts: [ReportSection], name: String) -> HTML {
        let parts: [HTML] = parts.enumerated().map { index, part in
            """
            <div class="part"><h3>\(part.title)</h3>
            \(part.leadHTML)
            \(part.content(name: "\(name)-\(index)"))
            </div>

            """
        }
        return "\(parts)"
    }

    private static func grid(_ charts: [LossChart]) -> HTML {
        let charts = charts.map(\.smallHTML)
        return "<div class=\"grid-2\">\n\(charts)</div>"
    }
}
