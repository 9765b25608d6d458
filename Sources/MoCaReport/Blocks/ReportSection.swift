// A heading, some sentences and a block: the unit of a report.

/// One section of a report, or a part of a section.
package struct ReportSection: Sendable {
    package var title: String
    /// Sentences that introduce the content.
    package var lead: String
    /// The content: figures, a table, a chart, ..., or several sections under their own headings.
    package var block: any ReportBlock

    package init(_ title: String, lead: String = "", _ block: some ReportBlock) {
        self.title = title
        self.lead = lead
        self.block = block
    }

    /// The section as HTML; `number` is part of its anchor.
    func html(number: Int) -> HTML {
        """
        <section id="section-\(number)" aria-labelledby="title-\(number)">
        <h2 id="title-\(number)">\(title)</h2>
        \(leadHTML)
        \(block.html(name: "\(number)"))
        </section>

        """
    }

    private var leadHTML: HTML? { lead.isEmpty ? nil : "<p class=\"lead\">\(lead)</p>" }

    /// The section as Markdown, under a heading of `level`.
    func markdown(level: Int) -> String {
        let heading = "\(String(repeating: "#", count: level)) \(Markdown.text(title))"
        return [heading, Markdown.paragraph(lead), block.markdown(level: level + 1)]
            .filter { !$0.isEmpty }.joined(separator: "\n\n")
    }
}

extension ReportSection: ReportItem {
    package static func html(_ parts: [ReportSection], name: String) -> HTML {
        let parts: [HTML] = parts.enumerated().map { index, part in
            """
            <div class="part"><h3>\(part.title)</h3>
            \(part.leadHTML)
            \(part.block.html(name: "\(name)-\(index)"))
            </div>

            """
        }
        return "\(parts)"
    }

    package static func markdown(_ parts: [ReportSection], level: Int) -> String {
        parts.map { $0.markdown(level: level) }.joined(separator: "\n\n")
    }
}
