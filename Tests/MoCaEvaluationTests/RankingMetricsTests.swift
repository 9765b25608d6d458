import Foundation
import MoCaCore
import MoCaTestSupport
import MoCaVectors
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
    struct Cluster: Decodable {
        let seed: UInt64
        let groups: [[Double]]
        let resamples: Int
        let interval: ConfidenceInterval
    }
    let rankings: [Ranking]
    let wilson: [Wilson]
    let bootstrap: [Bootstrap]
    let clusters: [Cluster]

    static func load() throws -> Golden {
        let file = Repository.fixtures.appending(path: "evaluation/golden.json")
        return try JSONDecoder().decode(Golden.self, from: Data(contentsOf: file))
    }
}

/// Queries with given scores, as vectors whose dot products these are: a document has one number a
/// query, a query is 1 at its own.
struct ScoredQueries {
    struct Query {
        var id: String
        var language: String?
        var group: String?
        var scores: [Float]
        var relevance: [String: Int]

        init(
            _ id: String, language: String? = nil, group: String? = nil, _ scores: [Float],
            _ relevance: [String: Int]
        ) {
            (self.id, self.language, self.group) = (id, language, group)
            (self.scores, self.relevance) = (scores, relevance)
        }
    }

    private let ids: [String]
    private let queries: [Query]

    init(ids: [String], _ queries: [Query]) {
        (self.ids, self.queries) = (ids, queries)
    }

    func evaluation(blocks: (Int, Int)? = nil) throws -> RetrievalEvaluation {
        let matrix = VectorMatrix(
            rows: queries.indices.map { query in queries.indices.map { $0 == query ? 1 : 0 } }
                + ids.indices.map { document in queries.map { $0.scores[document] } })
        var evaluation = RetrievalEvaluation(corpus: try Corpus(ids: ids))
        evaluation.blocks = blocks.map { (queries: $0.0, documents: $0.1) }
        try evaluation.add(
            queries.enumerated().map { row, query in
                JudgedQuery(
                    id: query.id, language: query.language, group: query.group, row: row,
                    relevance: Dictionary(
                        uniqueKeysWithValues: query.relevance.map { (ExactText($0), $1) }))
            }, in: matrix, documents: ids.indices.map { queries.count + $0 })
        return evaluation
    }
}

struct RankingMetricsTests {
    @Test func equalToPytrecEval() throws {
        let golden = try Golden.load().rankings
        #expect(golden.count == 60)
        for (number, ranking) in golden.enumerated() {
            let queries = ScoredQueries(
                ids: ranking.ids,
                [.init("q", ranking.scores.map(Float.init), ranking.relevance)])
            let evaluation = try queries.evaluation()
            for blocks in [(1, 1), (1, 7)] {
                #expect(
                    try queries.evaluation(blocks: blocks).outcomes == evaluation.outcomes)
            }
            guard let expected = ranking.metrics else {
                #expect(evaluation.outcomes.isEmpty)
                continue
            }
            let found = try #require(evaluation.outcomes.first).measures
            #expect(Set(found.keys) == Set(expected.keys))
            for (name, value) in expected {
                #expect(abs(found[name, default: -1] - value) < 1e-12, "\(number) \(name)")
            }
        }
    }

    @Test func equalDocumentsAreOrderedByTheirBytes() throws {
        let corpus = try Corpus(ids: ["b", "\u{e9}", "10", "9", "漢", "a", "😀"])
        #expect(corpus.ids == ["😀", "漢", "\u{e9}", "b", "a", "9", "10"])
        #expect(corpus.sources == [6, 4, 1, 0, 5, 3, 2])
        #expect(try Corpus(ids: []).ids.isEmpty)
    }

    @Test func faultsNameQueryAndDocument() throws {
        #expect(throws: EvaluationError.duplicateDocument(id: "a")) {
            try Corpus(ids: ["a", "b", "a"])
        }
        for bad in [Float.nan, .infinity] {
            let queries = ScoredQueries(ids: ["a", "b", "c"], [.init("q", [1, bad, 2], ["a": 1])])
            #expect(throws: EvaluationError.notFinite(query: "q", candidate: "b")) {
                try queries.evaluation()
            }
        }
        #expect(throws: EvaluationError.noQueries(set: "S")) {
            try RetrievalEvaluation(corpus: Corpus(ids: ["a"])).score(
                set: "S", random: RandomSource(seed: 0))
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
        let evaluation = try ScoredQueries(
            ids: ["a", "b"],
            [
                .init("1", language: "en", [1, 0], ["a": 1]),
                .init("2", language: "en", [0, 1], ["a": 1]),
                .init("3", language: "fr", [1, 0], ["a": 1]), .init("4", [0, 0], [:]),
            ]
        ).evaluation()
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

    /// Four questions in three languages, all right or all wrong: there are four draws, not twelve.
    @Test func translationsAreDrawnTogether() throws {
        let queries = (0..<12).map { number in
            ScoredQueries.Query(
                "q\(number)", language: ["en", "de", "fr"][number % 3], group: "g\(number / 3)",
                number / 3 < 2 ? [1, 0] : [0, 1], ["a": 1])
        }
        let grouped = try ScoredQueries(ids: ["a", "b"], queries).evaluation()
            .score(set: "S", random: RandomSource(seed: 1))
        #expect(grouped.bootstrap?.unit == .translations && grouped.bootstrap?.count == 4)
        let single = try ScoredQueries(
            ids: ["a", "b"],
            queries.map { query in
                var query = query
                query.group = nil
                return query
            }
        ).evaluation().score(set: "S", random: RandomSource(seed: 1))
        #expect(single.bootstrap?.unit == .query && single.bootstrap?.count == 12)
        #expect(single.metrics == grouped.metrics)
        for measure in ["ndcg_at_1", "recall_at_1", "mrr_at_10", "map_at_10"] {
            let (wide, narrow) = (grouped.intervals[measure], single.intervals[measure])
            let widths = [wide, narrow].map { ($0?.upper ?? 0) - ($0?.lower ?? 0) }
            #expect(widths[0] > 1.5 * widths[1] && widths[1] > 0, "\(measure)")
        }
        #expect(grouped.intervals.count == grouped.metrics.named.count)
        // Of one language, each question stands once.
        #expect(grouped.byLanguage["en"]?.bootstrap == nil)
        #expect(grouped.byLanguage["en"]?.intervals == single.byLanguage["en"]?.intervals)
    }
}
