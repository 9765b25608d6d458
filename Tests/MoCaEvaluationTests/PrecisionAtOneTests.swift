import Foundation
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
        #expect(evaluation.outcomes.isEmpty)
        #expect(throws: EvaluationError.noQueries(set: "S")) { try evaluation.score(set: "S") }
    }

    @Test func chanceIsTheMeanOfOneInCandidates() throws {
        var evaluation = PrecisionAtOne()
        try evaluation.add([1, 0], query: "a")
        try evaluation.add([0, 1, 1, 1], query: "b")
        let score = try evaluation.score(set: "S")
        #expect((score.correctCount, score.queryCount) == (1, 2))
        #expect(score.chance == 0.375)
        #expect(score.precision == 0.5)
    }
}

struct QueryOutcomeTests {
    /// What decides an answer: itself, rounding, or the rule for ties.
    @Test(
        arguments: [
            ([0.5], .stable), ([0.5, 0.4], .stable), ([0.5, 0.5], .tied), ([0.4, 0.5], .stable),
            ([0.5, 0.499995], .near), ([0.499995, 0.5, 0.2], .near), ([0.5, 0.1, 0.1], .stable),
        ] as [([Float], QueryOutcome.Stability)])
    func stabilityOfPrecision(_ scores: [Float], _ stability: QueryOutcome.Stability) throws {
        var evaluation = PrecisionAtOne()
        try evaluation.add(scores, query: "q")
        #expect(evaluation.outcomes[0].stability == stability)
    }

    @Test func theBestAreListedAndATieEndsWithTheRightOne() throws {
        var evaluation = PrecisionAtOne()
        try evaluation.add([0.5, 0.25, 0.5, 0.75, 0], query: "q")
        #expect(evaluation.outcomes[0].best.map(\.id) == ["3", "2", "0"])
        #expect(evaluation.outcomes[0].relevant == [ScoredCandidate(id: "0", score: 0.5)])
    }

    @Test(
        arguments: [
            (["a": 1], .stable), (["b": 1], .near), (["c": 1], .near), (["d": 1], .tied),
            (["e": 1], .tied), (["d": 1, "e": 1], .stable), (["b": 2, "c": 1], .near),
        ] as [([String: Int], QueryOutcome.Stability)])
    func stabilityOfRankings(
        _ relevance: [String: Int], _ stability: QueryOutcome.Stability
    ) throws {
        var evaluation = RetrievalEvaluation(corpus: try Corpus(ids: ["a", "b", "c", "d", "e"]))
        try evaluation.add(
            RankedQuery(id: "q", scores: [0.9, 0.5, 0.500005, 0.1, 0.1], relevance: relevance))
        #expect(evaluation.outcomes[0].stability == stability)
        #expect(evaluation.outcomes[0].best.map(\.id) == ["a", "c", "b"])
    }

    @Test func linesReadBackAndBrokenOnesAreNamed() throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "moca-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var evaluation = PrecisionAtOne()
        try evaluation.add([0.1, 0.25], query: "a/b \"é\"")
        try evaluation.add([0.3, 0.3], query: "b")
        try evaluation.outcomes.write(set: "S", to: folder)
        #expect(try [QueryOutcome](set: "S", in: folder) == evaluation.outcomes)
        let file = folder.appending(path: "S_queries.jsonl")
        try Data("{}\n".utf8).write(to: file)
        #expect(
            throws: EvaluationError.unreadableScores(
                file: file.path, reason: "line 1 is no outcome of a query")
        ) {
            try [QueryOutcome](set: "S", in: folder)
        }
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
            let found = ResampledMeans(
                of: row.values, count: row.resamples, random: &random
            ).interval
            #expect(abs(found.lower - row.interval.lower) < 1e-12)
            #expect(abs(found.upper - row.interval.upper) < 1e-12)
        }
    }
}
