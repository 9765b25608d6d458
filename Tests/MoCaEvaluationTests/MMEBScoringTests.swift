import Foundation
import MoCaVectors
import Testing
@testable import MoCaEvaluation

/// mmeb.json of scripts/fixtures/evaluation.py: from vectors to the means of groups.
struct MMEBScoringTests {
    private struct GoldenScores: Decodable {
        struct Entry: Decodable {
            let vectors: [[Float]]
            let queries: [Int]
            let candidates: [[Int]]
            let num_correct: Int
            let num_pred: Int
            let acc: Double
        }
        struct Group: Decodable {
            let sets: [String]
            let mean: Double
        }
        let sets: [String: Entry]
        let groups: [String: Group]

        static func load() throws -> GoldenScores {
            let file = BenchmarkFolder.fixtures.appending(path: "evaluation/mmeb.json")
            return try JSONDecoder().decode(GoldenScores.self, from: Data(contentsOf: file))
        }
    }

    private func result(
        _ name: String, _ entry: GoldenScores.Entry
    ) throws -> BenchmarkSuite.SetResult {
        let matrix = VectorMatrix(rows: entry.vectors)
        var evaluation = PrecisionAtOne()
        for (number, query) in entry.queries.enumerated() {
            try evaluation.add(
                matrix.scores(of: query, with: entry.candidates[number]), query: "\(number)")
        }
        return BenchmarkSuite.SetResult(
            score: .precision(try evaluation.score(set: name)), evaluation.outcomes, set: name,
            in: .mmeb)
    }

    @Test func scoresFromVectorsAreThoseOfNumpy() throws {
        let golden = try GoldenScores.load()
        #expect(golden.sets.count == 36)
        var results: [String: BenchmarkSuite.SetResult] = [:]
        for (name, entry) in golden.sets {
            results[name] = try result(name, entry)
            guard case .precision(let score)? = results[name]?.score else {
                Issue.record("no precision")
                continue
            }
            #expect(score.correctCount == entry.num_correct, "\(name)")
            #expect(score.queryCount == entry.num_pred, "\(name)")
            #expect(abs(score.precision - entry.acc) < 1e-12, "\(name)")
        }
        let means = BenchmarkSuite.mmeb.means(results)
        #expect(Set(means.keys) == Set(golden.groups.keys).union(["mean"]))
        for (name, group) in golden.groups {
            #expect(means[name]?.sets.sorted() == group.sets, "\(name)")
            #expect(abs((means[name]?.mean ?? -1) - group.mean) < 1e-12, "\(name)")
        }
        // Without one of its sets a group has no mean.
        results["EDIS"] = nil
        let rest = BenchmarkSuite.mmeb.means(results)
        for name in ["Retrieval", "OOD", "all"] {
            #expect(rest[name]?.mean == nil && rest[name]?.missing == ["EDIS"])
        }
        #expect(rest["VQA"]?.mean == means["VQA"]?.mean)
    }

    /// A set of a group's list that was scored by another measure.
    @Test func aSetWithoutTheMeasureIsMissing() throws {
        let golden = try GoldenScores.load()
        var results = try golden.sets.reduce(into: [:]) {
            $0[$1.key] = try result($1.key, $1.value)
        }
        let metrics = RankingMetrics(ndcg: [5: 0.25], recall: [:], mrrAt10: 1, mapAt10: 1)
        results["EDIS"] = BenchmarkSuite.SetResult(
            score: .retrieval(RetrievalScore(metrics: metrics, queryCount: 1)), samples: [:])
        let means = BenchmarkSuite.mmeb.means(results)
        #expect(means["Retrieval"]?.mean == nil && means["Retrieval"]?.missing == ["EDIS"])
        #expect(means["Retrieval"]?.sets.contains("EDIS") == false)
    }
}
