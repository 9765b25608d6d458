import Foundation
import MoCaSettings
import Testing

@testable import MoCaEvaluation

struct PublishedFiguresTests {
    private let groups = BenchmarkSuite.mmeb.groups + BenchmarkSuite.vidore.groups

    @Test func everyFigureHasALabelASourceAndARange() throws {
        let published = try PublishedFigures()
        #expect(published.averages.count > 50 && published.sets.count == 5)
        let names = Set(groups.map(\.name))
        let sets = Set(groups.flatMap(\.sets))
        for (entries, known) in [(published.averages, names), (published.sets, sets)] {
            for entry in entries {
                #expect(!entry.model.isEmpty && entry.source.count > 8, "\(entry)")
                #expect(!entry.scores.isEmpty && known.isSuperset(of: entry.scores.keys))
                #expect(entry.scores.values.allSatisfy { (0...100).contains($0) }, "\(entry)")
            }
        }
        let lines = published.averages.flatMap { entry in
            entry.scores.keys.map { [entry.model, entry.source, $0] }
        }
        #expect(Set(lines).count == lines.count, "a figure stands twice")
    }

    /// What the paper prints of single sets has the means that it prints: typing errors show.
    @Test(arguments: ["MoCa-3B", "MoCa-7B"])
    func singleSetsHaveThePublishedMeans(model: String) throws {
        let published = try PublishedFigures()
        for (measure, suite) in [
            ("precision_at_1", BenchmarkSuite.mmeb), ("ndcg_at_5", .vidore),
        ] {
            let scores = try #require(
                published.sets.first { $0.model == model && $0.measure == measure }
            ).scores
            for group in suite.groups where group.sets.allSatisfy({ scores[$0] != nil }) {
                let means = published.averages.filter { $0.model == model }
                    .compactMap { $0.scores[group.name] }
                guard let mean = means.first else { continue }
                let ours =
                    group.sets.reduce(0) { $0 + (scores[$1] ?? 0) } / Double(group.sets.count)
                #expect(abs(ours - mean) < 0.1, "\(model), \(group.name): \(ours)")
            }
        }
    }

    private func scores(
        missing: [String], settings: [String: JSON] = [:]
    ) -> Scores {
        let names = ["MSCOCO", "RefCOCO", "RefCOCO-Matching", "Visual7W-Pointing"]
            .filter { !missing.contains($0) }
        let score = SetScore.precision(PrecisionScore(correctCount: 3, queryCount: 4))
        let results = Dictionary(
            uniqueKeysWithValues: (names + ["Own"]).map {
                ($0, BenchmarkSuite.SetResult(score: score, samples: [:]))
            })
        return Scores(
            sets: results.mapValues(\.score), groups: BenchmarkSuite.mmeb.means(results),
            settings: settings)
    }

    @Test func onlyTheSameLabelScoredWholeStandsBeside() throws {
        let published = try PublishedFigures()
        let whole = published.averages(beside: scores(missing: []))
        #expect(whole.labels == ["Visual Grounding"] && whole.ours == [0.75])
        // The best first, and those without the figure not at all.
        let values = whole.entries.map { $0.scores["Visual Grounding"] }
        #expect(values.first == 92.4 && values.allSatisfy { $0 != nil })
        #expect(whole.refusals["all"] == "32 of its 36 sets are missing")
        #expect(whole.refusals["Classification"] == nil && whole.refusals["mean"] == nil)
        let part = published.averages(beside: scores(missing: ["RefCOCO"]))
        #expect(part.labels.isEmpty && part.entries.isEmpty)
        #expect(part.refusals["Visual Grounding"] == "1 of its 4 sets are missing")
        let few = scores(missing: [], settings: ["max_queries": .integer(10)])
        let first = published.averages(beside: few)
        #expect(first.labels.isEmpty)
        #expect(first.refusals["Visual Grounding"]?.contains("first 10 queries") == true)
        #expect(published.sets(beside: few).labels.isEmpty)
    }

    @Test func setsOfOtherNamesOrMeasuresHaveNothingBeside() throws {
        let published = try PublishedFigures()
        let beside = published.sets(beside: scores(missing: ["MSCOCO"]))
        #expect(beside.labels == ["RefCOCO", "RefCOCO-Matching", "Visual7W-Pointing"])
        #expect(beside.entries.map(\.model) == ["MoCa-3B", "MoCa-7B"])
        let retrieval = Scores(sets: [
            "RefCOCO": .retrieval(
                RetrievalScore(
                    metrics: RankingMetrics(relevances: [1], judged: [1], cutoffs: .standard),
                    queryCount: 1))
        ])
        #expect(published.sets(beside: retrieval).labels.isEmpty)
        #expect(published.averages(beside: retrieval).refusals.isEmpty)
    }
}
