import Foundation
import MoCaCore
import MoCaSettings
import MoCaTestSupport
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
        let documents = Dictionary(
            uniqueKeysWithValues: BenchmarkSuite.vidore.groups.map { ($0.name, $0.sets.count) })
        #expect(
            documents == [
                "ViDoRe v1 (mteb)": 10, "ViDoRe v2 (mteb)": 4, "ViDoRe v2 (MoCa, 7 sets)": 7,
                "ViDoRe v2 (Nomic, 9 sets)": 9, "ViDoRe v3 (mteb, public sets)": 8,
                "ViDoRe v1 (MMEB-V2)": 10, "ViDoRe v2 (MMEB-V2)": 4, "VisRAG (MMEB-V2)": 6,
                "VisDoc-OOD (MMEB-V2)": 4, "VisDoc (MMEB-V2)": 24,
            ])
        let known = Set(BenchmarkSuite.vidore.groups.flatMap(\.sets))
        #expect(BenchmarkSuite.vidore.aliases.values.allSatisfy(known.contains))
        #expect(BenchmarkSuite.vidore.sources.keys.allSatisfy(known.contains))
        #expect(BenchmarkSuite.vidore.sources.values.allSatisfy { known.contains($0.set) })
    }

    private func result(
        _ score: SetScore, _ metric: String = "precision_at_1", samples: [Double] = [0]
    ) -> BenchmarkSuite.SetResult {
        BenchmarkSuite.SetResult(
            score: score, samples: [metric: ResampledMeans(means: samples)])
    }

    @Test func meansAreRefusedWhereASetIsMissing() throws {
        let means = BenchmarkSuite.mmeb.means([
            "RefCOCO": result(precision(1, 2)), "MSCOCO": result(precision(3, 4)),
            "Own": result(precision(0, 1)),
        ])
        #expect(Set(means.keys) == ["Visual Grounding", "IND", "OOD", "all", "mean"])
        let grounding = try #require(means["Visual Grounding"])
        #expect(grounding.mean == nil && grounding.interval == nil)
        #expect(grounding.sets == ["MSCOCO", "RefCOCO"])
        #expect(grounding.missing == ["RefCOCO-Matching", "Visual7W-Pointing"])
        #expect(grounding.source?.contains("2410.05160") == true)
        #expect(means["all"]?.missing.count == 34)
        let scored = try #require(means["mean"])
        #expect(scored.sets == ["MSCOCO", "Own", "RefCOCO"] && scored.source == nil)
        #expect(abs((scored.mean ?? 0) - 1.25 / 3) < 1e-12)
    }

    @Test func aWholeGroupHasItsMeanAndAnInterval() throws {
        let names = ["MSCOCO", "RefCOCO", "RefCOCO-Matching", "Visual7W-Pointing"]
        let results = names.enumerated().map { number, name in
            (name, result(precision(number, 4), samples: [Double(number), 4]))
        }
        let mean = try #require(
            BenchmarkSuite.mmeb.means(Dictionary(uniqueKeysWithValues: results))[
                "Visual Grounding"])
        #expect(mean.mean == 0.375 && mean.missing.isEmpty)
        // Sample by sample: the mean of 0, 1, 2, 3, and of 4 four times.
        let interval = try #require(mean.interval)
        #expect(abs(interval.lower - (1.5 + 0.025 * 2.5)) < 1e-12)
        #expect(abs(interval.upper - (1.5 + 0.975 * 2.5)) < 1e-12)
    }

    @Test func namesOfTheHubAreThoseOfTheLists() throws {
        let metrics = RankingMetrics(ndcg: [5: 0.5], recall: [:], mrrAt10: 0, mapAt10: 0)
        let score = SetScore.retrieval(RetrievalScore(metrics: metrics, queryCount: 1))
        let names = [
            "esg_reports_v2", "economics_reports_v2", "Vidore2BioMedicalLecturesRetrieval",
            "esg_reports_human_labeled_v2",
        ]
        let means = BenchmarkSuite.vidore.means(
            Dictionary(uniqueKeysWithValues: names.map { ($0, result(score, "ndcg_at_5")) }))
        #expect(means["ViDoRe v2 (mteb)"]?.mean == 0.5)
        #expect(means["ViDoRe v2 (MMEB-V2)"]?.mean == 0.5)
        #expect(means["VisDoc (MMEB-V2)"]?.missing.count == 20)
        // Of no language is known what its queries got.
        let moca = try #require(means["ViDoRe v2 (MoCa, 7 sets)"])
        #expect(moca.mean == nil && moca.missing == ["Bio", "ESG_Syn", "Eco"])
    }

    /// MoCa's seven sets are four of the Hub, three of them twice: in English, and in all languages.
    @Test func mocasSetsAreLanguagesOfTheHubs() throws {
        func metrics(_ value: Double) -> RankingMetrics {
            RankingMetrics(ndcg: [5: value], recall: [:], mrrAt10: 0, mapAt10: 0)
        }
        var results: [String: BenchmarkSuite.SetResult] = [:]
        for (name, all, english) in [
            ("esg_reports_v2", 0.5, 0.25), ("economics_reports_v2", 0.5, 0.75),
            ("biomedical_lectures_v2", 0.25, 0.5), ("esg_reports_human_labeled_v2", 0.75, nil),
        ] as [(String, Double, Double?)] {
            var score = RetrievalScore(metrics: metrics(all), queryCount: 4)
            if let english {
                score.byLanguage["english"] = RetrievalScore(
                    metrics: metrics(english), queryCount: 1)
            }
            results[name] = result(.retrieval(score), "ndcg_at_5")
        }
        let means = BenchmarkSuite.vidore.means(results)
        let moca = try #require(means["ViDoRe v2 (MoCa, 7 sets)"])
        #expect(moca.mean == 3.5 / 7 && moca.missing.isEmpty)
        #expect(moca.sets.contains("biomedical_lectures_v2 (english)"))
        // Sets that share queries have no interval together.
        #expect(moca.interval == nil)
        #expect(means["ViDoRe v2 (mteb)"]?.interval != nil)
        #expect(means["ViDoRe v2 (Nomic, 9 sets)"]?.missing == ["AXA", "AXA_Mul"])
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
        let group = GroupScore(
            metric: "ndcg_at_5", mean: 0.25, interval: ConfidenceInterval(lower: 0, upper: 0.5),
            sets: ["Bio"], source: "s")
        return Scores(
            sets: sets, groups: ["G": group],
            settings: [
                "model": .string("m/n"), "threads": .integer(2), "temperature": .number(0.03),
                "normalize": .bool(true),
            ], data: ["Bio": "12ab"], outcomes: ["Bio": "34cd"])
    }

    @Test func filesHoldTheKeysOfTheInterface() throws {
        let temporary = try TemporaryFolder()
        defer { temporary.remove() }
        let folder = temporary.url
        let file = folder.appending(path: "scores.json")
        let scores = example()
        try scores.write(to: file)
        try scores.writeMMEB(to: folder)
        #expect(try Scores(contentsOf: file) == scores)
        let metrics =
            #""map_at_10":0.75,"mrr_at_10":1,"ndcg_at_1":0.5,"ndcg_at_5":0.25,"#
        let expected =
            #"{"data":{"Bio":"12ab"},"groups":{"G":{"interval":[0,0.5],"mean":0.25,"#
            + #""metric":"ndcg_at_5","missing":[],"sets":["Bio"],"source":"s"}},"#
            + #""outcomes":{"Bio":"34cd"},"sets":{"Bio":{"by_language":{"fr":{"# + metrics
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

    /// What is counted since then is nil in older files, and written where it is known.
    @Test func filesOfOlderVersionsAreRead() throws {
        let old =
            #"{"sets":{"A":{"num_correct":1,"num_queries":2,"stability":{"margin":1e-05,"#
            + #""num_tied":1,"num_within_margin":2}},"B":{"map_at_10":0,"mrr_at_10":0,"num_queries":2}}}"#
        let scores = try JSONDecoder().decode(Scores.self, from: Data(old.utf8))
        guard case .precision(let a)? = scores.sets["A"], case .retrieval(let b)? = scores.sets["B"]
        else {
            Issue.record("other kinds")
            return
        }
        #expect(a.stability?.tied == 1 && a.stability?.withTies == nil)
        #expect(a.duplicateOfRightCount == nil && b.judgements == nil && b.bootstrap == nil)
        let line = #"{"query":"q","measures":{},"best":[],"relevant":[],"stability":"near"}"#
        let outcome = try JSONDecoder().decode(QueryOutcome.self, from: Data(line.utf8))
        #expect(outcome.rankOfRelevant == nil && outcome.hasTies == nil && outcome.group == nil)
        var new = b
        new.judgements = JudgementCount(
            unjudgedQueries: 1, ofUnknownQueries: 2, ofUnknownDocuments: 3)
        new.bootstrap = BootstrapUnits(unit: .translations, count: 4, sampleCount: 5)
        let part = EvaluationPart.nano.setting
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let written = try encoder.encode(
            Scores(sets: ["B": .retrieval(new)], settings: ["part": part]))
        let text = String(decoding: written, as: UTF8.self)
        #expect(
            text.contains(
                #""bootstrap":{"num_samples":5,"num_units":4,"unit":"translations"},"#
                    + #""judgements":{"num_of_unknown_documents":3,"num_of_unknown_queries":2,"#
                    + #""num_queries_without":1}"#))
        #expect(
            text.contains(
                #""part":{"max_candidates":100,"max_documents":500,"max_queries":50,"seed":0}"#))
        let read = try JSONDecoder().decode(Scores.self, from: written)
        #expect(read.sets["B"] == .retrieval(new) && read.settings["part"] == part)
        #expect("\(part)" == "max_candidates 100, max_documents 500, max_queries 50, seed 0")
    }

    @Test func aPartHasNoPublishedMeans() {
        let results = ["RefCOCO": result(precision(1, 2))]
        #expect(Set(BenchmarkSuite.mmeb.means(results, ofPart: true).keys) == ["mean"])
        #expect(BenchmarkSuite.mmeb.means(results).count > 1)
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

struct MTEBExportTests {
    /// The keys that mteb's TaskResult and ModelMeta demand; scripts/checks/mteb_results.py reads such
    /// files with mteb itself.
    @Test func filesHaveTheKeysOfMTEB() throws {
        let folder = try BenchmarkFolder()
        let metrics = RankingMetrics(ndcg: [5: 0.25, 10: 0.5], recall: [:], mrrAt10: 1, mapAt10: 0)
        var score = RetrievalScore(metrics: metrics, queryCount: 4)
        score.byLanguage = ["french": RetrievalScore(metrics: metrics, queryCount: 2)]
        let scores = Scores(
            sets: [
                "esg_reports_v2": .retrieval(score),
                "vidore_v3_hr": .retrieval(RetrievalScore(metrics: metrics, queryCount: 1)),
                "CIRR": .precision(PrecisionScore(correctCount: 1, queryCount: 2)),
            ], data: ["esg_reports_v2": "12ab"])
        let export = MTEBExport(
            model: "org/name", revision: "f00d", vectorLength: 32, parameterCount: 1000)
        try export.write(
            scores, .vidore, seconds: ["esg_reports_v2": 1.5], to: folder.output)
        let results = "org__name/f00d"
        let task = try folder.json("\(results)/Vidore2ESGReportsRetrieval.json")
        #expect(task["dataset_revision"] as? String == "12ab")
        #expect(task["evaluation_time"] as? Double == 1.5)
        #expect(task["mteb_version"] is NSNull)
        let entry = try #require((task["scores"] as? [String: [[String: Any]]])?["test"]?.first)
        #expect(entry["main_score"] as? Double == 0.25)
        #expect(entry["hf_subset"] as? String == "french")
        #expect(entry["languages"] as? [String] == ["fra-Latn"])
        // ViDoRe v3 is led by nDCG@10.
        let third = try folder.json("\(results)/Vidore3HrRetrieval.json")
        let other = try #require((third["scores"] as? [String: [[String: Any]]])?["test"]?.first)
        #expect(other["main_score"] as? Double == 0.5)
        #expect(try folder.json("\(results)/model_meta.json")["embed_dim"] as? Int == 32)
        #expect(
            try FileManager.default.contentsOfDirectory(
                atPath: folder.output.appending(path: results).path
            ).count == 3)
    }

    @Test func languagesAreThoseOfMTEB() {
        for (name, code) in [
            ("french", "fra-Latn"), ("English", "eng-Latn"), ("de", "deu-Latn"),
            ("ja", "jpn-Jpan"), ("japanese", "jpn-Jpan"), ("ar", "ara-Arab"),
            ("zh", "zho-Hans"), ("chinese", "zho-Hans"), ("zh_TW", "zho-Hant"),
            ("hi", "hin-Deva"), ("ru", "rus-Cyrl"), ("hungarian", "hun-Latn"),
        ] {
            #expect(MTEBLanguage.code(of: name) == code, "\(name)")
        }
        #expect(MTEBLanguage.code(of: "klingonish") == nil)
    }

    @Test func whatIsMissingIsNoZero() throws {
        let folder = try BenchmarkFolder()
        var metrics = RankingMetrics(ndcg: [5: 0.25], recall: [:], mrrAt10: 1, mapAt10: 0)
        var score = RetrievalScore(metrics: metrics, queryCount: 4)
        score.byLanguage = ["klingonish": RetrievalScore(metrics: metrics, queryCount: 2)]
        let export = MTEBExport(
            model: "org/name", revision: "f00d", vectorLength: 32, parameterCount: 1000)
        #expect(throws: EvaluationError.unknownLanguage(set: "S", name: "klingonish")) {
            try export.write(
                Scores(sets: ["S": .retrieval(score)]), .vidore, seconds: [:], to: folder.output)
        }
        metrics.ndcg = [:]
        #expect(throws: EvaluationError.measureMissing(set: "S", measure: "ndcg_at_5")) {
            try export.write(
                Scores(sets: ["S": .retrieval(RetrievalScore(metrics: metrics, queryCount: 1))]),
                .vidore, seconds: [:], to: folder.output)
        }
    }
}
