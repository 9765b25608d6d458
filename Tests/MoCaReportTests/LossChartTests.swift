import Foundation
import Testing

@testable import MoCaReport

struct LossChartTests {
    @Test func smoothingIsACorrectedExponentialMean() {
        let points = [4.0, 2, .nan, 3].enumerated().map { Curve.Point(step: $0, value: $1) }
        let curve = Curve("a", points: points)
        // Width 3 keeps a half of the mean each time.
        let smoothed = LossChart(curves: [curve], smoothingPoints: 3).smoothed(curve)
        #expect(smoothed.map(\.step) == [0, 1, 3])
        let expected = [4, (0.25 * 4 + 0.5 * 2) / 0.75, (0.125 * 4 + 0.25 * 2 + 0.5 * 3) / 0.875]
        for (found, value) in zip(smoothed, expected) { #expect(abs(found.value - value) < 1e-12) }
        #expect(
            LossChart(curves: [curve], smoothingPoints: 1).smoothed(curve).map(\.value)
                == [4, 2, 3])
    }

    @Test func axes() {
        let linear = ChartAxis(
            [0.3, 4.7], from: 100, to: 0, isLogarithmic: false, tickCount: 6)
        #expect(linear.ticks == [1, 2, 3, 4])
        #expect(abs(linear.place(0.3) - 100 / 1.08 * 1.04) < 1e-9)
        #expect(abs(linear.place(4.7) - 100 / 1.08 * 0.04) < 1e-9)
        let steps = ChartAxis([0, 300], from: 0, to: 10, isLogarithmic: true, tickCount: 6)
        #expect(steps.ticks == [1, 2, 5, 10, 20, 50, 100, 200])
        #expect(steps.place(0) == 0 && steps.place(1) == 0 && abs(steps.place(300) - 10) < 1e-9)
        let flat = ChartAxis([2, 2], from: 0, to: 10, isLogarithmic: false, tickCount: 6)
        #expect(flat.place(2) == 5 && !flat.ticks.isEmpty)
        let empty = ChartAxis([], from: 0, to: 10, isLogarithmic: true, tickCount: 6)
        #expect(empty.place(1) == 0)
    }

    /// Gaps at values that are not finite, and no more points than the drawing shows.
    @Test func longCurvesAreThinnedAndKeepTheirExtremes() throws {
        var points = (0..<100_000).map { Curve.Point(step: $0, value: Double($0 % 7)) }
        points[50_000].value = 1000
        points[60_000].value = .nan
        let curve = Curve("a", points: points)
        let plot = ChartPlot(
            curves: [(curve, curve.points.filter(\.value.isFinite))], valueName: "loss",
            isLogarithmic: false)
        let svg = plot.svg.markup
        #expect(svg.utf8.count < 120_000)
        let raw = try #require(svg.split(separator: "class=\"raw c0\" d=\"").last)
        let path = try #require(raw.split(separator: "\"").first)
        #expect(path.split(separator: "M").count == 2)
        // The greatest value lies 4 % below the top of the frame.
        #expect(path.contains(" \((14 + 280 * 0.04 / 1.08).fixed(1))"))
    }

    @Test func nothingToDraw() {
        let nan = Curve("a", points: [.init(step: 1, value: .nan)])
        for curves in [[], [nan], [Curve("b", points: [])]] {
            #expect(
                LossChart(curves: curves).html(name: "c").markup
                    == "<p class=\"empty\">No values were logged.</p>")
        }
    }
}
