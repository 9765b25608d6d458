// Distributions of values as bar charts.

import Foundation

/// The count of values in each range.
package struct Histogram: ReportItem, Hashable {
    /// One range of values.
    package struct Bar: Sendable, Hashable {
        /// The label of the range, such as `20-39`.
        package var label: String
        package var count: Int

        package init(_ label: String, count: Int) {
            (self.label, self.count) = (label, count)
        }
    }

    package var name: String
    /// Statistics in words, such as the percentiles.
    package var note: String
    package var bars: [Bar]

    package init(_ name: String, note: String = "", bars: [Bar]) {
        (self.name, self.note, self.bars) = (name, note, bars)
    }

    private static let width = 900.0
    private static let height = 190.0
    private static let top = 18.0
    private static let bottom = 26.0

    package static func html(_ histograms: [Histogram], name: String) -> HTML {
        let figures = histograms.map(\.html)
        return "<div class=\"histograms\">\n\(figures)</div>"
    }

    private var html: HTML {
        let note: HTML? = note.isEmpty ? nil : "<small>\(note)</small>"
        return """
            <figure class="histogram"><figcaption>\(name)\(note)</figcaption>
            \(svg)</figure>

            """
    }

    private var svg: HTML {
        let most = max(1, bars.map(\.count).max() ?? 0)
        let step = Self.width / Double(max(1, bars.count))
        let columns: [HTML] = bars.enumerated().map { index, bar in
            let room = Self.height - Self.top - Self.bottom
            // A range that is not empty stays visible.
            let size = bar.count == 0 ? 0 : max(1.5, room * Double(bar.count) / Double(most))
            let base = Self.height - Self.bottom
            let middle = (step * (Double(index) + 0.5)).fixed(1)
            return """
                <rect class="bar" x="\((step * Double(index) + step * 0.08).fixed(1))" \
                y="\((base - size).fixed(1))" width="\((step * 0.84).fixed(1))" \
                height="\(size.fixed(1))" />\
                <text class="axis" x="\(middle)" y="\((base - size - 5).fixed(1))" \
                text-anchor="middle">\(bar.count)</text>\
                <text class="axis" x="\(middle)" y="\((Self.height - 8).fixed(1))" \
                text-anchor="middle">\(bar.label)</text>

                """
        }
        let words = bars.map { "\($0.label): \($0.count)" }.joined(separator: ", ")
        return """
            <svg viewBox="0 0 \(Self.width.fixed(0)) \(Self.height.fixed(0))" role="img" \
            aria-label="\(name). \(words)">
            \(columns)</svg>

            """
    }
}

extension Histogram {
    package static func markdown(_ histograms: [Histogram], level: Int) -> String {
        histograms.map(\.markdown).joined(separator: "\n\n")
    }

    private var markdown: String {
        let table = Markdown.table(
            ["range", "count"], bars.map { [$0.label, "\($0.count)"] }, isNumeric: true)
        return "**\(Markdown.text(name))** \(Markdown.text(note))\n\n\(table)"
    }
}
