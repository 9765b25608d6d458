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

    @Test func metricsLines() throws {
        let text = """
            {"step": 1, "loss": 4.5, "learning_rate": 1e-3, "set": "a"}

            {"step": 2, "loss": 4, "mlm_loss": 3.25, "subset_losses": {"x": 2.5, "y": null}}
            {"step": 3, "loss": null}
            {"step": 4, "lo
            """
        let log = try MetricsLog(Data(text.utf8), name: "m")
        #expect(
            log.names
                == ["learning_rate", "loss", "mlm_loss", "subset_losses/x", "subset_losses/y"])
        #expect(log.curve("subset_losses/x", as: "x")?.points == [.init(step: 2, value: 2.5)])
        let loss = try #require(log.curve("loss", as: "Loss"))
        #expect(loss.name == "Loss")
        #expect(loss.points.map(\.step) == [1, 2, 3])
        #expect(loss.points.map(\.value).prefix(2) == [4.5, 4])
        #expect(loss.points[2].value.isNaN)
        #expect(log.curve("none", as: "x") == nil)
        #expect(try MetricsLog(Data(), name: "m").names == [])
    }

    @Test func termsAreReadBySubset() throws {
        let terms = """
            {"step": 3, "subset_terms": {"a": {"mlm_loss": {"sum": 6.0, "count": 4}, "mae_loss": \
            {"sum": 0, "count": 0}}, "b/c": {"mlm_loss": {"sum": null, "count": 1}}}}
            """
        let log = try MetricsLog(Data(terms.utf8), name: "m")
        #expect(log.names == ["subset_terms/mlm_loss/a", "subset_terms/mlm_loss/b/c"])
        #expect(
            log.curve("subset_terms/mlm_loss/a", as: "")?.points == [.init(step: 3, value: 1.5)])
    }

    @Test(arguments: [
        ("{\"step\": 1}\nx\n{\"step\": 2}", 2, "it is not JSON"),
        ("[]\n", 1, "it is no object"),
        ("{\"loss\": 1}\n", 1, "it has no step"),
        ("{\"step\": \"1\"}\n", 1, "it has no step"),
    ])
    func brokenLines(_ text: String, _ line: Int, _ reason: String) {
        #expect(throws: ReportError.invalidMetrics(file: "m", line: line, reason: reason)) {
            try MetricsLog(Data(text.utf8), name: "m")
        }
    }
}
