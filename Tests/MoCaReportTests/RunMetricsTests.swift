import MoCaRunLog
import Testing

@testable import MoCaReport

/// Curves of the rows of a run.
@Suite struct RunMetricsTests {
    @Test func quantitiesAreCurves() throws {
        var rows = (1...3).map { MetricsRow(step: $0) }
        rows[0].loss = 4.5
        rows[0].learningRate = 1e-3
        rows[1].loss = 4
        rows[1].terms = ["mlm_loss": 3.25]
        rows[1].scores = ["eval/a/b": 0.5]
        rows[1].subsetLosses = ["x": 2.5, "y": .nan]
        let metrics = RunMetrics(rows)
        #expect(
            metrics.quantities.filter { $0 != .figure("loss") } == [
                .score("a/b"), .figure("learning_rate"), .figure("mlm_loss"), .subsetLoss("x"),
            ])
        #expect(
            metrics.curve(.subsetLoss("x"), as: "x")
                == Curve("x", points: [.init(step: 2, value: 2.5)])
        )
        let loss = try #require(metrics.curve(.figure("loss"), as: "Loss"))
        #expect(loss.name == "Loss" && loss.points.map(\.step) == [1, 2, 3])
        #expect(loss.points.map(\.value).prefix(2) == [4.5, 4] && loss.points[2].value.isNaN)
        #expect(metrics.curve(.figure("none"), as: "x") == nil)
        #expect(RunMetrics([]).quantities.isEmpty)
    }

    @Test func termsOfSubsetsAreMeans() {
        var row = MetricsRow(step: 3)
        row.subsetTerms = [
            "a": ["mlm_loss": .init(sum: 6, count: 4), "mae_loss": .init(sum: 0, count: 0)],
            "b/c": ["mlm_loss": .init(sum: .nan, count: 1)],
        ]
        let metrics = RunMetrics([row])
        let term = RunMetrics.Quantity.subsetTerm(term: "mlm_loss", subset: "a")
        #expect(metrics.quantities.filter { $0.name.contains("/") } == [term])
        #expect(metrics.curve(term, as: "")?.points == [.init(step: 3, value: 1.5)])
    }
}
