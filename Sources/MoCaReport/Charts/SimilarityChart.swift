// How similar queries are to positives and to other candidates, by step.

package import MoCaRunLog

/// Two histograms for each step, one row below the other.
package struct SimilarityChart: ReportItem, Hashable {
    package var name: String
    /// The rows in the order of their steps.
    package var rows: [HealthRow]

    private static let rowCountMax = 8
    private static let (width, left, right) = (460.0, 52.0, 12.0)
    private static let (rowHeight, top, bottom) = (38.0, 8.0, 24.0)

    package init(_ name: String, rows: [HealthRow]) {
        self.name = name
        self.rows = rows
    }

    package static func html(_ charts: [SimilarityChart], name: String) -> HTML {
        let figures = charts.map(\.html)
        return "<div class=\"grid-2\">\n\(figures)</div>"
    }

    private var html: HTML {
        let shown = spread(rows, over: Self.rowCountMax)
        let height = Self.top + Self.rowHeight * Double(shown.count) + Self.bottom
        let drawn: [HTML] = shown.enumerated().map { index, row in
            let base = Self.top + Self.rowHeight * Double(index + 1)
            return """
                <text class="axis" x="\((Self.left - 8).fixed(0))" y="\((base - 3).fixed(1))" \
                text-anchor="end">\(row.step)</text>\
                <path class="positive" d="\(path(row.positive.bins, base))" />\
                <path class="negative" d="\(path(row.negative.bins, base))" />\
                <line class="grid" x1="\(Self.left.fixed(0))" \
                x2="\((Self.width - Self.right).fixed(0))" y1="\(base.fixed(1))" \
                y2="\(base.fixed(1))" />

                """
        }
        let ticks: [HTML] = [-1, -0.5, 0, 0.5, 1].map { (value: Double) in
            """
            <text class="axis" x="\(place(value).fixed(1))" y="\((height - 6).fixed(0))" \
            text-anchor="middle">\(value.short)</text>
            """
        }
        return """
            <figure class="small"><figcaption>\(name)</figcaption>
            <svg viewBox="0 0 \(Self.width.fixed(0)) \(height.fixed(0))" role="img" \
            aria-label="Similarities of \(name) by step. \(summary)">
            \(drawn)\(ticks)</svg></figure>

            """
    }

    private var summary: String {
        guard let first = rows.first, let last = rows.last else { return "" }
        return "Means at step \(first.step): positives \(first.positive.mean.fixed(2)), others "
            + "\(first.negative.mean.fixed(2)); at step \(last.step): positives "
            + "\(last.positive.mean.fixed(2)), others \(last.negative.mean.fixed(2))"
    }

    private func place(_ value: Double) -> Double {
        Self.left + (Self.width - Self.left - Self.right) * (value + 1) / 2
    }

    /// The bins as an SVG path over the base line; the highest bin is as high as a row.
    private func path(_ bins: [Int], _ base: Double) -> String {
        guard let most = bins.max(), most > 0 else { return "M0 0" }
        let width = 2 / Double(bins.count)
        var text = "M\(place(-1).fixed(1)) \(base.fixed(1))"
        for (index, count) in bins.enumerated() {
            let y = (base - (Self.rowHeight - 6) * Double(count) / Double(most)).fixed(1)
            let start = -1 + width * Double(index)
            text += "L\(place(start).fixed(1)) \(y)L\(place(start + width).fixed(1)) \(y)"
        }
        return text + "L\(place(1).fixed(1)) \(base.fixed(1))"
    }
}

extension SimilarityChart {
    package static func markdown(_ charts: [SimilarityChart], level: Int) -> String {
        charts.map(\.markdown).joined(separator: "\n\n")
    }

    private var markdown: String {
        let shown = rows.map {
            ["\($0.step)", $0.positive.mean.fixed(3), $0.negative.mean.fixed(3)]
        }
        return "**\(Markdown.text(name))**\n\n"
            + Markdown.table(["step", "positives", "others"], shown, isNumeric: true)
    }
}

/// At most `count` of the values, evenly spaced, including the first and the last.
func spread<Value>(_ values: [Value], over count: Int) -> [Value] {
    guard values.count > count, count > 1 else { return values }
    return (0..<count).map { values[$0 * (values.count - 1) / (count - 1)] }
}
