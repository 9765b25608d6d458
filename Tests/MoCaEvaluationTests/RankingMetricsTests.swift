import Foundation
import MoCaCore
import Testing

@testable import MoCaEvaluation

/// golden.json of scripts/fixtures/evaluation.py.
struct Golden: Decodable {
    struct Ranking: Decodable {
        let ids: [String]
        let scores: [Double]
        let relevance: [String: Int]
        let metrics: [String: Double]?
    }
    struct Wilson: Decodable {
        let successes: Int
        let count: Int
        let interval: ConfidenceInterval
    }
    struct Bootstrap: Decodable {
        let seed: UInt64
        let values: [Double]
        let resamples: Int
        let interval: ConfidenceInterval
    }
    let rankings: [Ranking]
    let wilson: [Wilson]
    let bootstrap: [Bootstrap]

    static func load() throws -> Golden {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fixtures/evaluation/golden.json")
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }
}

struct RankingMetricsTests {
    @Test func equalToPytrecEval() throws {
        let golden = try Golden.load().rankings
        #expect(golden.count == 60)
        for (number, ranking) in golden.enumerated() {
            let corpus = try Corpus(ids: ranking.ids)
            var evaluation = RetrievalEvaluation(corpus: corpus)
            try evaluation.add(
                RankedQuery(
                    id: "q", scores: ranking.scores.map(Float.init), relevance: ranking.relevance))
            guard let expected = ranking.metrics else {
                #expect(evaluation.outcomes.isEmpty && evaluation.unjudgedCount == 1)
                continue
            }
            let found = try #require(evaluation.outcomes.first).measures
            #expect(Set(found.keys) == Set(expected.keys))
            for (name, value) in expected {
                #expect(abs(found[name, default: -1] - value) < 1e-12, "\(number) \(name)")
            }
        }
    }

    /// The ranking that is gathered and cut on the way equals the one that is sorted whole.
    @Test func rankingIsTheSortedOne() throws {
        var random = RandomSource(seed: 1)
        for count in [1, 2, 3, 10, 200] {
            let ids = (0..<500).map { "d\($0)" }.shuffled(using: &random)
            let scores = ids.map { _ in Float(Int.random(in: 0..<20, using: &random)) }
            let expected = ids.indices.sorted {
                scores[$0] != scores[$1] ? scores[$0] > scores[$1] : ids[$0] > ids[$1]
            }
            let corpus = try Corpus(ids: ids)
            #expect(
                try corpus.ranking(scores, count: count, query: "q")
                    == Array(expected.prefix(count)))
        }
        #expect(try Corpus(ids: []).ranking([], count: 10, query: "q") == [])
    }

    @Test func faultsNameQueryAndDocument() throws {
        #expect(throws: EvaluationError.duplicateDocument(id: "a")) {
            try Corpus(ids: ["a", "b", "a"])
        }
        let corpus = try Corpus(ids: ["a", "b", "c"])
        #expect(throws: EvaluationError.scoreCount(query: "q", expected: 3, found: 2)) {
            try corpus.ranking([1, 2], count: 1, query: "q")
        }
        #expect(throws: EvaluationError.notANumber(query: "q", candidate: "b")) {
            try corpus.ranking([1, .nan, 2], count: 1, query: "q")
        }
        #expect(throws: EvaluationError.noQueries(set: "S")) {
            try RetrievalEvaluation(corpus: corpus).score(set: "S", random: RandomSource(seed: 0))
        }
    }

    /// The formulas of chance against the mean over random orders.
    @Test(arguments: [
        (40, [2, 1, 1, 0], [2, 1, 1, 0]), (12, [1], [1, 2]),
        (5, [1, 1, 1, 1, 1], [1, 1, 1, 1, 1]),
        (3, [], [1]), (1, [3], [3]),
    ])
    func chance(_ documentCount: Int, _ relevances: [Int], _ judged: [Int]) throws {
        let cutoffs = RankingCutoffs.standard
        let chance = RankingMetrics.chance(
            documentCount: documentCount, relevances: relevances, judged: judged, cutoffs: cutoffs)
        var random = RandomSource(seed: 3)
        let order = relevances + Array(repeating: 0, count: documentCount - relevances.count)
        let samples = (0..<20_000).map { _ in
            RankingMetrics(
                relevances: order.shuffled(using: &random), judged: judged, cutoffs: cutoffs)
        }
        let mean = RankingMetrics.mean(samples).named
        for (name, value) in chance.named {
            #expect(abs(value - mean[name, default: -1]) < 0.012, "\(name)")
        }
    }

    @Test func languagesAreAveragedApart() throws {
        let corpus = try Corpus(ids: ["a", "b"])
        var evaluation = RetrievalEvaluation(corpus: corpus)
        for (id, language, scores) in [
            ("1", "en", [1, 0]), ("2", "en", [0, 1]), ("3", "fr", [1, 0] as [Float]),
        ] {
            try evaluation.add(
                RankedQuery(id: id, language: language, scores: scores, relevance: ["a": 1]))
        }
        try evaluation.add(RankedQuery(id: "4", scores: [0, 0], relevance: [:]))
        let score = try evaluation.score(set: "S", random: RandomSource(seed: 1))
        #expect(score.queryCount == 3)
        #expect(score.metrics.ndcg[1] == 2.0 / 3)
        #expect(score.byLanguage["en"]?.metrics.ndcg[1] == 0.5)
        #expect(score.byLanguage["fr"]?.metrics.ndcg[1] == 1)
        #expect(score.byLanguage["fr"]?.queryCount == 1)
        #expect(score.chance?.ndcg[1] == 0.5)
        #expect(score.intervals["ndcg_at_1"] == ConfidenceInterval(lower: 0, upper: 1))
        #expect(try evaluation.score(set: "S", random: RandomSource(seed: 1)) == score)
    }
}
