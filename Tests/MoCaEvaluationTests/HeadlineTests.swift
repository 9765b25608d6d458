import Testing

@testable import MoCaEvaluation

struct HeadlineTests {
    private let precision = SetScore.precision(PrecisionScore(correctCount: 1, queryCount: 2))
    private let ranking = SetScore.retrieval(
        RetrievalScore(
            metrics: RankingMetrics(relevances: [0, 1], judged: [1], cutoffs: .standard),
            queryCount: 3))

    @Test(arguments: [
        ("ndcg_at_10", "nDCG@10"), ("precision_at_1", "precision@1"), ("mrr_at_10", "MRR@10"),
        ("map_at_10", "MAP@10"), ("recall_at_100", "recall@100"), ("ndcg", "ndcg"),
        ("ndcg_at_x", "ndcg_at_x"), ("own_measure", "own_measure"),
    ])
    func titles(measure: String, title: String) {
        #expect(MeasureTitle.of(measure) == title)
    }

    @Test func theAverageDecidesThenTheMeanThenTheKind() {
        var scores = Scores(sets: ["P": precision, "R": ranking])
        #expect(scores.headline(of: "P") == "precision_at_1")
        #expect(scores.headline(of: "R") == "ndcg_at_5")
        scores.groups["mean"] = GroupScore(metric: "ndcg_at_10", mean: 0, sets: ["R"])
        #expect(scores.headline(of: "R") == "ndcg_at_10")
        scores.groups["G"] = GroupScore(metric: "ndcg_at_1", mean: 0, sets: ["R"])
        #expect(scores.headline(of: "R") == "ndcg_at_1")
        // A measure that a set does not have cannot stand for it.
        #expect(scores.headline(of: "P") == "precision_at_1")
        #expect((scores.sets["P"]?.queryCount, scores.sets["R"]?.queryCount) == (2, 3))
    }

    @Test func chanceOfAGroupIsThatOfAllItsSets() {
        func scored(_ chance: Double?) -> SetScore {
            .precision(PrecisionScore(correctCount: 1, queryCount: 2, chance: chance))
        }
        let scores = Scores(sets: ["A": scored(0.1), "B": scored(0.3), "C": scored(nil)])
        let group = { (sets: [String], missing: [String]) in
            GroupScore(metric: "precision_at_1", mean: 0.5, sets: sets, missing: missing)
        }
        #expect(abs((scores.chance(of: group(["A", "B"], [])) ?? 0) - 0.2) < 1e-12)
        #expect(scores.chance(of: group(["A", "C"], [])) == nil)
        #expect(scores.chance(of: group(["A", "B"], ["D"])) == nil)
        #expect(scores.chance(of: group([], [])) == nil)
    }
}
