import Testing

@testable import MoCaEvaluation

struct DriftTests {
    private let ids = ["a", "b", "c", "d"]
    private let square: [[Float]] = [[1, 0], [0.8, 0.6], [0, 1], [-0.6, 0.8]]

    @Test func equalVectorsDoNotDrift() throws {
        let drift = try Drift(ids: ids, a: square, b: square, neighbours: 2)
        #expect(drift.nearestChanged == 0 && drift.overlap.least == 1)
        #expect(abs((drift.cosine?.least ?? 0) - 1) < 1e-6)
    }

    /// A rotation moves every vector and no neighbour.
    @Test func aRotationMovesVectorsOnly() throws {
        let rotated = square.map { [-$0[1], $0[0]] }
        let drift = try Drift(ids: ids, a: square, b: rotated, neighbours: 2)
        #expect(drift.nearestChanged == 0 && drift.overlap.mean == 1)
        #expect(abs(drift.cosine?.mean ?? 1) < 1e-6)
    }

    @Test func whatMovedIsListedFirst() throws {
        var moved = square
        moved[0] = [-0.6, 0.8]
        let drift = try Drift(ids: ids, a: square, b: moved, neighbours: 1, listedCount: 2)
        #expect(drift.moved[0].id == "a" && drift.moved[0].overlap == 0)
        #expect(abs((drift.moved[0].cosine ?? 0) + 0.6) < 1e-6)
        #expect(drift.moved[0].rankOfNearest == 3)
        #expect(drift.moved.count == 2)
        let wide = moved.map { $0 + [0] }
        #expect(try Drift(ids: ids, a: square, b: wide).cosine == nil)
    }

    @Test func oneInputOrNaNIsRefused() {
        #expect(throws: EvaluationError.tooFewInputs(count: 1)) {
            try Drift(ids: ["a"], a: [[1]], b: [[1]])
        }
        #expect(throws: EvaluationError.notFinite(query: "a", candidate: "b")) {
            try Drift(ids: ["a", "b"], a: [[1], [.nan]], b: [[1], [1]])
        }
    }
}
