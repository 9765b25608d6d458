// A chart as SVG.

import Foundation

/// Curves in a frame with axes; sizes are in units of the SVG view box.
struct ChartPlot {
    /// Each curve with its smoothed points; each has at least one finite value.
    let curves: [(raw: Curve, smoothed: [Curve.Point])]
    /// The name of the values, such as `loss`.
    let valueName: String
    /// Whether the step axis is logarithmic.
    let isLogarithmic: Bool
    /// The name of the horizontal axis, such as `step`.
    let placeName: String
    let marks: [LossChart.Mark]
    private let size: Size

    /// The size of a chart.
    enum Size {
        case wide
        /// Half width: two charts side by side are as wide as a full one.
        case small

        fileprivate var width: Double { self == .wide ? 900 : 460 }
        fileprivate var height: Double { self == .wide ? 340 : 210 }
        fileprivate var tickCount: Int { self == .wide ? 8 : 4 }
    }

    private static let left = 60.0
    private static let right = 20.0
    private static let top = 14.0
    private static let bottom = 46.0
    private var width: Double { size.width }
    private var height: Double { size.height }

    private let steps: ChartAxis
    private let values: ChartAxis

    init(
        curves: [(raw: Curve, smoothed: [Curve.Point])], valueName: String, isLogarithmic: Bool,
        placeName: String = "step", marks: [LossChart.Mark] = [], size: Size = .wide
    ) {
        (self.placeName, self.marks, self.size) = (placeName, marks, size)
        self.curves = curves
        self.valueName = valueName
        self.isLogarithmic = isLogarithmic
        let points = curves.flatMap { $0.raw.points.filter(\.value.isFinite) }
        steps = ChartAxis(
            points.map { Double($0.step) }, from: Self.left, to: size.width - Self.right,
            isLogarithmic: isLogarithmic, tickCount: size.tickCount)
        values = ChartAxis(
            points.map(\.value), from: size.height - Self.bottom, to: Self.top,
            isLogarithmic: false, tickCount: size == .wide ? 6 : 4)
    }

    /// The chart as an SVG element.
    var svg: HTML {
        let lines: [HTML] = curves.enumerated().map { index, curve in
            let raw = path(curve.raw.points)
            return """
                <path class="raw c\(index % 6)" d="\(raw)" />
                <path class="curve c\(index % 6)" d="\(path(curve.smoothed))" />

                """
        }
        let names = curves.map(\.raw.name).joined(separator: ", ")
        let scale = isLogarithmic ? "logarithmic" : "linear"
        return """
            <svg viewBox="0 0 \(width.fixed(0)) \(height.fixed(0))" role="img" \
            aria-label="\(valueName) over \(placeName)s, \(scale) scale: \(names). \(summary)">
            \(grid)\(markLines)\(lines)</svg>
            """
    }

    /// Vertical lines at the marks.
    private var markLines: [HTML] {
        guard !curves.isEmpty else { return [] }
        return marks.map { mark in
            let x = steps.place(Double(mark.step)).fixed(1)
            return """
                <line class="mark" x1="\(x)" x2="\(x)" y1="\(Self.top.fixed(0))" \
                y2="\((height - Self.bottom).fixed(0))"><title>\(mark.text)</title></line>

                """
        }
    }

    /// The first and last smoothed value of each curve, in words.
    private var summary: String {
        curves.map { curve in
            let first = curve.smoothed.first?.value ?? .nan
            let last = curve.smoothed.last?.value ?? .nan
            return "\(curve.raw.name) goes from \(first.short) to \(last.short)"
        }.joined(separator: "; ")
    }

    private var grid: HTML {
        let bottom = height - Self.bottom
        let rows: [HTML] = values.ticks.map { tick in
            let y = values.place(tick).fixed(1)
            return """
                <line class="grid" x1="\(Self.left.fixed(0))" \
                x2="\((width - Self.right).fixed(0))" y1="\(y)" y2="\(y)" />\
                <text class="axis" x="\((Self.left - 8).fixed(0))" y="\(y)" dy="0.35em" \
                text-anchor="end">\(tick.short)</text>

                """
        }
        let columns: [HTML] = steps.ticks.map { tick in
            let x = steps.place(tick).fixed(1)
            return """
                <line class="grid" x1="\(x)" x2="\(x)" y1="\(Self.top.fixed(0))" \
                y2="\(bottom.fixed(0))" />\
                <text class="axis" x="\(x)" y="\((bottom + 18).fixed(0))" \
                text-anchor="middle">\(Self.stepText(tick))</text>

                """
        }
        // A small chart has its name above it.
        let name: HTML = """
            <text class="axis" transform="translate(14 \((bottom / 2).fixed(0))) rotate(-90)" \
            text-anchor="middle">\(valueName)</text>

            """
        return """
            \(rows)\(columns)\
            <text class="axis" x="\(((Self.left + width - Self.right) / 2).fixed(0))" \
            y="\((height - 8).fixed(0))" text-anchor="middle">\(placeName)</text>
            \(size == .wide ? name : nil)
            """
    }

    private static func stepText(_ step: Double) -> String {
        if step >= 1e9 { return "\((step / 1e9).short)G" }
        if step >= 1e6 { return "\((step / 1e6).short)M" }
        return step >= 10_000 ? "\((step / 1000).short)k" : step.short
    }

    /// The points as an SVG path. Each pixel column keeps only its first, smallest, largest and
    /// last point; a value that is not finite leaves a gap.
    private func path(_ points: [Curve.Point]) -> String {
        var text = ""
        var isDown = false
        for run in columns(points) {
            guard let run else {
                isDown = false
                continue
            }
            for point in run {
                let x = steps.place(Double(point.step)).fixed(1)
                text += "\(isDown ? "L" : "M")\(x) \(values.place(point.value).fixed(1))"
                isDown = true
            }
        }
        return text
    }

    /// The points grouped by pixel column; nil is a gap.
    private func columns(_ points: [Curve.Point]) -> [[Curve.Point]?] {
        var columns: [[Curve.Point]?] = []
        var run: [Curve.Point] = []
        var column = Int.min
        for point in points {
            let here = point.value.isFinite ? Int(steps.place(Double(point.step))) : Int.min
            if here != column, !run.isEmpty {
                columns.append(Self.thinned(run))
                run = []
            }
            column = here
            if point.value.isFinite { run.append(point) } else { columns.append(nil) }
        }
        if !run.isEmpty { columns.append(Self.thinned(run)) }
        return columns
    }

    private static func thinned(_ run: [Curve.Point]) -> [Curve.Point] {
        guard run.count > 4 else { return run }
        let indices = run.indices
        let extremes = [
            indices.min { run[$0].value < run[$1].value },
            indices.max { run[$0].value < run[$1].value },
        ]
        let kept = Set([0, run.count - 1] + extremes.compactMap { $0 })
        return kept.sorted().map { run[$0] }
    }
}
