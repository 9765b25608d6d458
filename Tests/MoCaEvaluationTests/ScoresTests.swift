import Foundation
import MoCaCore
import Testing

@testable import MoCaEvaluation

struct ScoresTests {
    private func precision(_ correct: Int, _ count: Int) -> SetScore {
        .precision(PrecisionScore(correctCount: correct, queryCount: count))
    }

    @Test func theSuitesAreComplete() {
        let counts = Dictionary(
            uniqueKeysWithValues: BenchmarkSuite.mmeb.groups.map { ($0.name, $0.sets.count) })
        #expect(
            counts == [
                "Classification": 10, "VQA": 10, "Retrieval": 12, "Visual Grounding": 4,
                "IND": 20, "OOD": 16, "all": 36,
            ])
        #expect(BenchmarkSuite.mmeb.groups.allSatisfy { Set($0.sets).count == $0.sets.count })
        let outside = BenchmarkSuite.mmeb.groups.first { $0.name == "IND" }
        #expect(
            Set(outside?.sets ?? [])
                == Set(
                    """
                    ImageNet-1K N24News HatefulMemes SUN397 VOC2007 InfographicsVQA ChartQA A-OKVQA
                    DocVQA OK-VQA Visual7W VisDial CIRR NIGHTS WebQA VisualNews_i2t VisualNews_t2i
                    MSCOCO_i2t MSCOCO_t2i MSCOCO
                    """.split { $0.isWhitespace }.map(String.init)))
        #expect(BenchmarkSuite.vidoreV2.groups.first?.sets.count == 7)
    }

    @Test func meansSayWhatIsMissing() {
        let means = BenchmarkSuite.mmeb.means([
            "RefCOCO": precision(1, 2), "MSCOCO": precision(3, 4), "Own": precision(0, 1),
        ])
        #expect(Set(means.keys) == ["Visual Grounding", "IND", "OOD", "all"])
        #expect(
            means["Visual Grounding"]
                == GroupScore(
                    metric: "precision_at_1", mean: 0.625, setCount: 2,
                    missing: ["RefCOCO-Matching", "Visual7W-Pointing"]))
        #expect(means["IND"]?.mean == 0.75)
        #expect(means["all"]?.missing.count == 34)
        #expect(BenchmarkSuite.vidoreV2.means(["Bio": precision(1, 1)]).isEmpty)
    }

    private func example() -> Scores {
        let metrics = RankingMetrics(
            ndcg: [1: 0.5, 5: 0.25], recall: [10: 0.125], mrrAt10: 1, mapAt10: 0.75)
        var retrieval = RetrievalScore(
            metrics: metrics, chance: metrics,
            intervals: ["ndcg_at_5": ConfidenceInterval(lower: 0.125, upper: 0.5)], queryCount: 4)
        retrieval.byLanguage = ["fr": RetrievalScore(metrics: metrics, queryCount: 2)]
        let sets: [String: SetScore] = [
            "CIRR": .precision(PrecisionScore(correctCount: 10, queryCount: 10, chance: 0.5)),
            "Bio": .retrieval(retrieval),
        ]
        return Scores(
            sets: sets, groups: BenchmarkSuite.vidoreV2.means(sets),
            settings: [
                "model": .text("m/n"), "threads": .integer(2), "temperature": .number(0.03),
                "normalize": .bool(true),
            ])
    }

    @Test func filesHoldTheKeysOfTheInterface() throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "moca-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = folder.appending(path: "scores.json")
        let scores = example()
        try scores.write(to: file)
        try scores.writeMMEB(to: folder)
        #expect(try Scores(contentsOf: file) == scores)
        let metrics =
            #""map_at_10":0.75,"mrr_at_10":1,"ndcg_at_1":0.5,"ndcg_at_5":0.25,"#
        let expected =
            #"{"groups":{"ViDoRe-v2":{"mean":0.25,"metric":"ndcg_at_5","missing":["ESG_Human","#
            + #""Eco_Mul","ESG_Syn","ESG_Syn_Mul","Bio_Mul","Eco"],"num_sets":1}},"#
            + #""sets":{"Bio":{"by_language":{"fr":{"# + metrics
            + #""num_queries":2,"recall_at_10":0.125}},"#
            + #""chance":{"# + metrics + #""recall_at_10":0.125},"#
            + #""intervals":{"ndcg_at_5":[0.125,0.5]},"# + metrics
            + #""num_queries":4,"recall_at_10":0.125},"#
            + #""CIRR":{"chance":{"precision_at_1":0.5},"#
            + #""intervals":{"precision_at_1":[0.7224672001371107,1]},"num_correct":10,"#
            + #""num_queries":10,"precision_at_1":1}},"#
            + #""settings":{"model":"m/n","normalize":true,"temperature":0.03,"threads":2}}"#
        let found = try String(contentsOf: file, encoding: .utf8)
        #expect(found.filter { !$0.isWhitespace } == expected)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
                == ["CIRR_score.json", "scores.json"])
        let mmeb = try String(
            contentsOf: folder.appending(path: "CIRR_score.json"), encoding: .utf8)
        #expect(mmeb.filter { !$0.isWhitespace } == #"{"acc":1,"num_correct":10,"num_pred":10}"#)
    }

    @Test func brokenFilesAreNamed() throws {
        let folder = FileManager.default.temporaryDirectory
        let file = folder.appending(path: "moca-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: file) }
        for (text, reason) in [
            ("{}", "the key 'sets' is missing"),
            (
                #"{"sets":{"A":{"num_correct":3,"num_queries":2}},"groups":{},"settings":{}}"#,
                "sets.A.num_correct: 3 of 2 is no share"
            ),
        ] {
            try Data(text.utf8).write(to: file)
            #expect(
                throws: EvaluationError.unreadableScores(file: file.path, reason: reason)
            ) { try Scores(contentsOf: file) }
        }
        #expect(throws: EvaluationError.self) {
            try Scores(contentsOf: folder.appending(path: "moca-none.json"))
        }
        #expect(throws: EvaluationError.self) {
            try Scores(sets: [:]).write(to: folder.appending(path: "moca-none/x.json"))
        }
    }
}
