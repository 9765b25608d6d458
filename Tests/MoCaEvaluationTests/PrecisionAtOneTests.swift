import Foundation
import MoCaCore
import MoCaTestSupport
import Testing

@testable import MoCaEvaluation

struct PrecisionAtOneTests {
    @Test(
        arguments: [
            ([0.5], true), ([0.5, 0.4], true), ([0.5, 0.5], false), ([0.5, 0.6], false),
            ([0.5, 0.4, 0.5], false), ([0, -0.0], false), ([-1, -2, -3], true),
        ] as [([Float], Bool)])
    func candidateZeroMustWinAlone(_ scores: [Float], _ isCorrect: Bool) throws {
        var evaluation = PrecisionAtOne()
        #expect(try evaluation.add(scores, query: "q") == isCorrect)
        #expect(evaluation.correctCount == (isCorrect ? 1 : 0))
    }

    @Test(arguments: [Float.nan, .infinity, -.infinity])
    func whatIsNotFiniteIsAnErrorWhereverItStands(_ bad: Float) {
        var evaluation = PrecisionAtOne()
        #expect(throws: EvaluationError.notFinite(query: "q", candidate: "0")) {
            try evaluation.add([bad, 1], query: "q")
        }
        #expect(throws: EvaluationError.notFinite(query: "q", candidate: "cat")) {
            try evaluation.add([1, 0, bad], query: "q", candidates: ["dog", "cow", "cat"])
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
            // Either may move by 1e-5.
            ([0.5, 0.499981], .near), ([0.499981, 0.5], .near), ([0.5, 0.499979], .stable),
        ] as [([Float], QueryOutcome.Stability)])
    func stabilityOfPrecision(_ scores: [Float], _ stability: QueryOutcome.Stability) throws {
        var evaluation = PrecisionAtOne()
        try evaluation.add(scores, query: "q")
        #expect(evaluation.outcomes[0].stability == stability)
    }

    @Test(
        arguments: [
            ([0.5], 1, false), ([0.5, 0.4, 0.4], 1, false), ([0.5, 0.5, 0.1], 2, true),
            ([0.1, 0.5, 0.3, 0.1], 4, true), ([0.1, 0.5, 0.5], 3, true),
            ([0.2, 0.5, 0.3, 0.3], 4, false),
        ] as [([Float], Int, Bool)])
    func ranksAndTiesOfTheRightOne(_ scores: [Float], _ rank: Int, _ hasTies: Bool) throws {
        var evaluation = PrecisionAtOne()
        try evaluation.add(scores, query: "q")
        #expect(evaluation.outcomes[0].rankOfRelevant == rank)
        #expect(evaluation.outcomes[0].hasTies == hasTies)
        let score = try evaluation.score(set: "S")
        #expect(score.stability?.withTies == (hasTies ? 1 : 0))
        #expect(score.duplicateOfRightCount == 0)
    }

    @Test func copiesOfTheRightOneAreRight() throws {
        var evaluation = PrecisionAtOne()
        try evaluation.add([0.5, 0.5, 0.4], query: "copy", copiesOfRight: [1])
        try evaluation.add([0.5, 0.5, 0.5], query: "copy and tie", copiesOfRight: [1])
        #expect(evaluation.outcomes.map { $0.measures[PrecisionAtOne.measure] } == [1, 0])
        #expect(evaluation.outcomes.map(\.stability) == [.stable, .tied])
        let score = try evaluation.score(set: "S")
        #expect(abs((score.chance ?? 0) - 2.0 / 3) < 1e-12)
        #expect(score.duplicateOfRightCount == 2)
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
            (["f": 1], .near), (["g": 1], .near), (["h": 1], .stable),
        ] as [([String: Int], QueryOutcome.Stability)])
    func stabilityOfRankings(
        _ relevance: [String: Int], _ stability: QueryOutcome.Stability
    ) throws {
        let evaluation = try ScoredQueries(
            ids: ["a", "b", "c", "d", "e", "f", "g", "h"],
            [
                .init(
                    "q", [0.9, 0.5, 0.500005, 0.1, 0.1, 0.3, 0.299982, 0.2999], relevance)
            ]
        ).evaluation()
        #expect(evaluation.outcomes[0].stability == stability)
        #expect(evaluation.outcomes[0].best.map(\.id) == ["a", "c", "b"])
    }

    @Test func linesReadBackAndBrokenOnesAreNamed() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let folder = temporary.url
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

struct RelevantRankTests {
    /// Beyond every cut-off, in the order of trec_eval.
    @Test func ranksGoToTheEnd() throws {
        let ids = (0..<300).map { "d\($0)" }
        let scores = ids.indices.map { Float(300 - $0 / 2 * 2) }
        let evaluation = try ScoredQueries(
            ids: ids,
            [
                .init("far", scores, ["d250": 1, "d260": 2]), .init("tied", scores, ["d251": 1]),
                .init("none", scores, ["elsewhere": 1, "d3": 0]),
            ]
        ).evaluation()
        // d251 goes before d250: its bytes are greater.
        #expect(evaluation.outcomes.map(\.rankOfRelevant) == [252, 251, nil])
        #expect(evaluation.outcomes.map(\.hasTies) == [true, true, true])
        #expect(evaluation.outcomes[0].relevant.map(\.id) == ["d250", "d260"])
        let unique = ids.indices.map { Float($0) }
        let others = try ScoredQueries(
            ids: ids,
            [
                .init("a", unique, ["d7": 1]), .init("b", [1, 1] + unique.dropFirst(2), ["d9": 1]),
                .init("c", [1, 1] + unique.dropFirst(2), ["d0": 1]),
            ]
        ).evaluation()
        #expect(others.outcomes.map(\.rankOfRelevant) == [293, 291, 300])
        // A tie far below the cut-offs counts where it is one with the relevant document.
        #expect(others.outcomes.map(\.hasTies) == [false, false, true])
        let count = StabilityCount(others.outcomes)
        #expect((count.tied, count.withTies) == (0, 1))
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

    @Test func groupsAreDrawnAsTheIndependentOneDoes() throws {
        for row in try Golden.load().clusters {
            let values = row.groups.flatMap { $0 }
            var (units, next) = ([[Int]](), 0)
            for group in row.groups {
                units.append(Array(next..<next + group.count))
                next += group.count
            }
            var random = RandomSource(seed: row.seed)
            // Beside another measure: each has the samples that it has alone.
            let found = ResampledMeans.draw(
                [values.map { 1 - $0 }, values], units: units, count: row.resamples,
                random: &random)
            let interval = found[1].interval
            #expect(abs(interval.lower - row.interval.lower) < 1e-12)
            #expect(abs(interval.upper - row.interval.upper) < 1e-12)
            if units.allSatisfy({ $0.count == 1 }) {
                random = RandomSource(seed: row.seed)
                let plain = ResampledMeans(of: values, count: row.resamples, random: &random)
                #expect(plain == found[1])
            }
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
