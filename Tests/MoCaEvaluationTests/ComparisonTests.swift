import Foundation
import MoCaCore
import MoCaSettings
import Testing

@testable import MoCaEvaluation

struct ComparisonTests {
    private let folder: BenchmarkFolder

    init() throws {
        folder = try BenchmarkFolder()
    }

    /// Writes an evaluation of sets whose queries got 0 or 1.
    private func write(
        _ name: String, _ answers: [String: [Double]], data: [String: String]? = nil,
        settings: [String: JSON] = [:]
    ) throws -> URL {
        let output = folder.url.appending(path: name)
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        var results: [String: BenchmarkSuite.SetResult] = [:]
        var outcomes: [String: String] = [:]
        for (set, values) in answers {
            var evaluation = PrecisionAtOne()
            for (index, value) in values.enumerated() {
                try evaluation.add([0.5, value == 1 ? 0.25 : 0.75], query: "q\(index)")
            }
            outcomes[set] = try evaluation.outcomes.write(set: set, to: output)
            results[set] = BenchmarkSuite.SetResult(
                score: .precision(try evaluation.score(set: set)),
                samples: evaluation.outcomes.samples(
                    of: [PrecisionAtOne.measure], set: set, units: nil))
        }
        try Scores(
            sets: results.mapValues(\.score), groups: BenchmarkSuite.mmeb.means(results),
            settings: settings, data: data ?? answers.mapValues { _ in "1" }, outcomes: outcomes
        ).write(to: output.appending(path: Scores.fileName))
        return output
    }

    @Test func queriesArePaired() throws {
        let a = try write(
            "a", ["CIRR": [1, 0, 0, 1, 0, 1], "NIGHTS": [0, 0], "OVEN": [1]],
            settings: ["dtype": .string("float32"), "threads": .integer(2)])
        let b = try write(
            "b", ["CIRR": [1, 1, 1, 0, 1, 1], "NIGHTS": [1, 1], "EDIS": [1]],
            settings: ["dtype": .string("bfloat16"), "threads": .integer(2)])
        let found = try Comparison(a, b)
        let set = try #require(found.sets["CIRR"])
        #expect((set.wins, set.losses, set.ties, set.queryCount) == (3, 1, 2, 6))
        #expect(set.mean.a == 0.5 && abs(set.mean.difference - 1.0 / 3) < 1e-12)
        let interval = try #require(set.mean.interval)
        #expect(interval.lower <= 0 && interval.upper >= 0.6)
        #expect(set.gained.map(\.query) == ["q1", "q2", "q4"])
        #expect(set.lost.map(\.query) == ["q3"])
        #expect(set.lost[0].bestOfA?.id == "0" && set.lost[0].bestOfB?.id == "1")
        // Every sample of a constant gain is that gain.
        let constant = try #require(found.sets["NIGHTS"]?.mean)
        #expect(constant.interval == ConfidenceInterval(lower: 1, upper: 1))
        #expect(constant.probability == 2.0 / Double(ResampledMeans.standardCount))
        #expect((found.onlyInA, found.onlyInB) == (["OVEN"], ["EDIS"]))
        #expect(found.settings == ["dtype": [.string("float32"), .string("bfloat16")]])
        let mean = try #require(found.groups["mean"])
        #expect(abs(mean.difference - (1.0 / 3 + 1) / 2) < 1e-12)
        #expect(Set(found.groups.keys) == ["mean"])
    }

    @Test func noDifferenceIsNoDifference() throws {
        let a = try write("a", ["S": [1, 0, 1]])
        let found = try Comparison(a, a)
        #expect(found.sets["S"]?.mean.probability == 1)
        #expect(found.sets["S"]?.mean.interval == ConfidenceInterval(lower: 0, upper: 0))
        #expect(found.sets["S"]?.gained.isEmpty == true)
    }

    /// The order of `--subsets` changes no score.
    @Test func theOrderOfSubsetsIsNoSetting() throws {
        let folders = try ["A, B", "B, A", "A"].map {
            try write($0, ["S": [1, 0, 1]], settings: ["subsets": .string($0)])
        }
        #expect(try Comparison(folders[0], folders[1]).settings["subsets"] == nil)
        #expect(try Comparison(folders[0], folders[2]).settings["subsets"] != nil)
    }

    /// An evaluation that names no embedder is of MoCa's.
    @Test func theEmbedderOfMoCaIsNamed() throws {
        let values: [[String: JSON]] = [
            [:], ["embedder": .string("moca")], ["embedder": .string("gme, counting, drop")],
        ]
        let folders = try values.enumerated().map { number, settings in
            try write("embedder\(number)", ["S": [1, 0, 1]], settings: settings)
        }
        #expect(try Comparison(folders[0], folders[1]).settings.isEmpty)
        let lines = try Comparison(folders[0], folders[2]).lines
        #expect(lines.contains("setting embedder: moca -> gme, counting, drop"))
    }

    /// A mean over a set and its queries of one language, as MoCa's list of ViDoRe v2 has them.
    @Test func meansOverLanguagesAreCompared() throws {
        func write(_ name: String, _ values: [Double]) throws -> URL {
            let output = folder.url.appending(path: name)
            try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
            let outcomes = values.enumerated().map { number, value in
                QueryOutcome(
                    query: "q\(number)", language: number < 2 ? "english" : "french",
                    measures: ["ndcg_at_5": value], best: [], relevant: [], stability: .stable)
            }
            let metrics = RankingMetrics(ndcg: [5: 0.5], recall: [:], mrrAt10: 0, mapAt10: 0)
            let group = GroupScore(metric: "ndcg_at_5", mean: 0.5, sets: ["E", "E (english)"])
            try Scores(
                sets: ["E": .retrieval(RetrievalScore(metrics: metrics, queryCount: 4))],
                groups: ["G": group], data: ["E": "1"],
                outcomes: ["E": try outcomes.write(set: "E", to: output)]
            ).write(to: output.appending(path: Scores.fileName))
            return output
        }
        let found = try Comparison(write("a", [0, 0.5, 1, 0.5]), write("b", [1, 0.5, 1, 0.5]))
        let group = try #require(found.groups["G"])
        // 0.25 over all four queries, 0.5 over the two English ones.
        #expect(group.difference == 0.375)
        #expect(group.interval == nil && group.probability == nil)
    }

    @Test func whatCannotBePairedIsNamed() throws {
        let a = try write("a", ["S": [1, 0]], data: ["S": "1"])
        for (other, reason) in [
            (try write("b", ["T": [1, 0]]), "they have no set in common"),
            (try write("c", ["S": [1, 0, 1]]), "set 'S' was scored on other queries"),
            (
                try write("d", ["S": [1, 0]], data: ["S": "2"]),
                "set 'S' held other inputs or judgements"
            ),
        ] {
            #expect(
                throws: EvaluationError.notComparable(a: a.path, b: other.path, reason: reason)
            ) {
                try Comparison(a, other)
            }
        }
    }

    /// What an interrupted run with another model leaves: its outcomes beside older scores.
    @Test func outcomesOfAnotherRunAreRefused() throws {
        let a = try write("a", ["S": [1, 0, 1]])
        let b = try write("b", ["S": [1, 1, 1]])
        let file = "S_queries.jsonl"
        try FileManager.default.removeItem(at: b.appending(path: file))
        try FileManager.default.copyItem(
            at: a.appending(path: file), to: b.appending(path: file))
        let error = EvaluationError.unreadableScores(
            file: b.appending(path: file).path,
            reason: "it is not the file that scores.json is of")
        #expect(throws: error) { try Comparison(a, b) }
    }

    @Test(arguments: ["data", "outcomes"])
    func missingDigestsAreRefused(_ key: String) throws {
        let a = try write("a", ["S": [1, 0, 1]])
        let file = a.appending(path: Scores.fileName)
        var scores = try Scores(contentsOf: file)
        if key == "data" { scores.data = [:] } else { scores.outcomes = [:] }
        try scores.write(to: file)
        let error = EvaluationError.unreadableScores(
            file: file.path, reason: "\(key).S is missing")
        #expect(throws: error) { try Comparison(a, a) }
    }

    @Test func aMissingMeasureIsNoZero() throws {
        let a = try write("a", ["S": [1, 0]])
        let b = try write("b", ["S": [1, 0]])
        let stable = QueryOutcome.Stability.stable
        let outcomes = ["q0", "q1"].map {
            QueryOutcome(
                query: $0, measures: $0 == "q0" ? ["precision_at_1": 1] : [:], best: [],
                relevant: [], stability: stable)
        }
        var scores = try Scores(contentsOf: b.appending(path: Scores.fileName))
        scores.outcomes["S"] = try outcomes.write(set: "S", to: b)
        try scores.write(to: b.appending(path: Scores.fileName))
        let error = EvaluationError.notComparable(
            a: a.path, b: b.path,
            reason: "query 'q1' of set 'S' has no precision_at_1 in \(b.path)")
        #expect(throws: error) { try Comparison(a, b) }
    }
}
