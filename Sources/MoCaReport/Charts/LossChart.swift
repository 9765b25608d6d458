// Curves over the steps of a run: raw values pale, smoothed values strong.

import Foundation

/// A chart of one or several curves, over linear and logarithmic steps.
package struct LossChart: ReportBlock, ReportItem, Hashable {
    package var curves: [Curve]
    /// The name of the values, such as `loss`.
    package var valueName: String
    /// Whether the logarithmic step axis is shown first.
    package var startsLogarithmic: Bool
    /// The span of the smoothing in points; 1 = no smoothing, nil = a fortieth of the curve.
    package var smoothingPoints: Int?
    /// The name of the horizontal axis, whose values are the points' `step`.
    package var placeName = "step"
    /// The events to mark on the chart.
    package var marks: [Mark] = []

    /// An event at a step.
    package struct Mark: Sendable, Hashable {
        package var step: Int
        package var text: String

        package init(step: Int, text: String) {
            (self.step, self.text) = (step, text)
        }
    }

    package init(
        curves: [Curve], valueName: String = "loss", startsLogarithmic: Bool = false,
        smoothingPoints: Int? = nil
    ) {
        self.curves = curves
        self.valueName = valueName
        self.startsLogarithmic = startsLogarithmic
        self.smoothingPoints = smoothingPoints
    }

    /// The finite points of `curve`, smoothed by a bias-corrected exponential moving average.
    func smoothed(_ curve: Curve) -> [Curve.Point] {
        let points = curve.points.filter(\.value.isFinite)
        let width = Double(max(1, smoothingPoints ?? points.count / 40))
        let keep = (width - 1) / (width + 1)
        var mean = 0.0
        var weight = 0.0
        return points.map { point in
            mean = keep * mean + (1 - keep) * point.value
            weight = keep * weight + (1 - keep)
            return Curve.Point(step: point.step, value: mean / weight)
        }
    }

    /// The chart as HTML; `name` distinguishes its controls from those of the page's other charts.
    package func html(name: String) -> HTML {
        let drawn = curves.filter { $0.points.contains(where: \.value.isFinite) }
        guard !drawn.isEmpty else { return "<p class=\"empty\">No values were logged.</p>" }
        let plots = [false, true].map { isLogarithmic in
            ChartPlot(
                curves: drawn.map { ($0, smoothed($0)) }, valueName: valueName,
                isLogarithmic: isLogarithmic, placeName: placeName, marks: marks)
        }
        return """
            <div class="chart">
            <ul class="legend">
            \(legend(drawn))</ul>
            <div class="scales" role="group" aria-label="Scale of the steps">
            \(control("chart-\(name)", "linear", isChecked: !startsLogarithmic))\
            \(control("chart-\(name)", "log", isChecked: startsLogarithmic))\
            <div class="plot plot-linear">\(plots[0].svg)</div>
            <div class="plot plot-log">\(plots[1].svg)</div>
            </div>
            \(table(drawn))
            </div>
            """
    }

    /// Small charts side by side.
    package static func html(_ charts: [LossChart], name: String) -> HTML {
        let charts = charts.map(\.smallHTML)
        return "<div class=\"grid-2\">\n\(charts)</div>"
    }

    /// The small chart, with its name above it.
    private var smallHTML: HTML {
        let drawn = curves.filter { $0.points.contains(where: \.value.isFinite) }
        guard !drawn.isEmpty else { return "" }
        let plot = ChartPlot(
            curves: drawn.map { ($0, smoothed($0)) }, valueName: valueName,
            isLogarithmic: false, placeName: placeName, size: .small)
        let names: HTML = "<ul class=\"legend\">\n\(legend(drawn))</ul>\n"
        return """
            <figure class="small"><figcaption>\(valueName)</figcaption>
            \(plot.svg)
            \(names)\(table(drawn))</figure>

            """
    }

    private func legend(_ drawn: [Curve]) -> [HTML] {
        drawn.enumerated().map { index, curve in
            let last = smoothed(curve).last?.value ?? .nan
            return """
                <li><svg class="swatch" viewBox="0 0 28 8" aria-hidden="true">\
                <line class="curve c\(index % 6)" x1="1" x2="27" y1="4" y2="4" /></svg>\
                \(curve.name) <small>\(last.short)</small></li>

                """
        }
    }

    private func control(_ name: String, _ scale: HTML, isChecked: Bool) -> HTML {
        let checked: HTML? = isChecked ? " checked=\"checked\"" : nil
        return """
            <input type="radio" class="pick-\(scale)" name="\(name)" id="\(name)-\(scale)"\
            \(checked) /><label for="\(name)-\(scale)">\(scale)</label>

            """
    }

    /// Ten smoothed values of each curve as a table.
    private func table(_ drawn: [Curve]) -> HTML {
        let rows: [HTML] = drawn.flatMap { curve -> [HTML] in
            let points = smoothed(curve)
            let places = Set((0...9).map { $0 * (points.count - 1) / 9 }).sorted()
            return places.map { place in
                """
                <tr><th scope="row">\(curve.name)</th><td class="number">\(points[place].step)</td>\
                <td class="number">\(points[place].value.short)</td></tr>

                """
            }
        }
        return """
            <details><summary>As numbers</summary>
            <div class="scroll"><table class="settings"><caption class="hidden">Smoothed values\
            </caption>
            <thead><tr><th scope="col">Curve</th><th scope="col" class="number">\(placeName)</th>\
            <th scope="col" class="number">\(valueName)</th></tr></thead>
            <tbody>
            \(rows)</tbody></table></div></details>
            """
    }
}

extension LossChart {
    package func markdown(level: Int) -> String { Self.markdown([self], level: level) }

    /// The first, last and lowest values of all curves, in one table.
    package static func markdown(_ charts: [LossChart], level: Int) -> String {
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
