import MoCaCore
import Testing

@testable import MoCaEvaluation

struct PrecisionAtOneTests {
    @Test(
        arguments: [
            ([0.5], true), ([0.5, 0.4], true), ([0.5, 0.5], false), ([0.5, 0.6], false),
            ([0.5, 0.4, 0.5], false), ([0, -0.0], false), ([.infinity, 1], true),
            ([-.infinity, -.infinity], false), ([-1, -2, -3], true),
        ] as [([Float], Bool)])
    func candidateZeroMustWinAlone(_ scores: [Float], _ isCorrect: Bool) throws {
        var evaluation = PrecisionAtOne()
        #expect(try evaluation.add(scores, query: "q") == isCorrect)
        #expect(evaluation.correctCount == (isCorrect ? 1 : 0))
    }

    @Test func aNaNIsAnErrorWhereverItStands() {
        var evaluation = PrecisionAtOne()
        #expect(throws: EvaluationError.notANumber(query: "q", candidate: "0")) {
            try evaluation.add([.nan, 1], query: "q")
        }
        #expect(throws: EvaluationError.notANumber(query: "q", candidate: "cat")) {
            try evaluation.add([1, 0, .nan], query: "q", candidates: ["dog", "cow", "cat"])
        }
        #expect(throws: EvaluationError.noCandidates(query: "q")) {
            try evaluation.add([], query: "q")
        }
        #expect(evaluation.queryCount == 0)
        #expect(throws: EvaluationError.noQueries(set: "S")) { try evaluation.score(set: "S") }
    }

    @Test func chanceIsTheMeanOfOneInCandidates() throws {
        var evaluation = PrecisionAtOne()
        try evaluation.add([1, 0], query: "a")
        try evaluation.add([0, 1, 1, 1], query: "b")
        let score = try evaluation.score(set: "S")
        #expect(score == PrecisionScore(correctCount: 1, queryCount: 2, chance: 0.375))
        #expect(score.precision == 0.5)
    }
}

struct ConfidenceIntervalTests {
    @Test func wilsonEqualsScipy() throws {
        for row in try Golden.load().wilson {
            let found = ConfidenceInterval.wilson(successes: row.successes, count: row.count)
            #expect(abs(found.lower - row.interval.lower) < 1e-12)
            #expect(abs(found.upper - row.interval.upper) < 1e-12)
        }
    }

    @Test func bootstrapEqualsTheIndependentOne() throws {
        for row in try Golden.load().bootstrap {
            var random = RandomSource(seed: row.seed)
            let found = ConfidenceInterval.bootstrapMean(
                row.values, resampleCount: row.resamples, random: &random)
            #expect(abs(found.lower - row.interval.lower) < 1e-12)
            #expect(abs(found.upper - row.interval.upper) < 1e-12)
        }
    }
}
