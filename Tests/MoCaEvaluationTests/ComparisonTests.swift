import Foundation
import MoCaCore
import Testing

@testable import MoCaEvaluation

struct ComparisonTests {
    private let folder: BenchmarkFolder

    init() throws {
        folder = try BenchmarkFolder()
    }

    /// Writes an evaluation of sets whose queries got 0 or 1.
    private func write(
        _ name: String, _ answers: [String: [Double]], data: [String: String] = [:],
        settings: [String: SettingValue] = [:]
    ) throws -> URL {
        let output = folder.url.appending(path: name)
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        var results: [String: BenchmarkSuite.SetResult] = [:]
        for (set, values) in answers {
            var evaluation = PrecisionAtOne()
            for (index, value) in values.enumerated() {
                try evaluation.add([0.5, value == 1 ? 0.25 : 0.75], query: "q\(index)")
            }
            try evaluation.outcomes.write(set: set, to: output)
            results[set] = BenchmarkSuite.SetResult(
                score: .precision(try evaluation.score(set: set)),
                samples: evaluation.outcomes.samples(
                    of: [PrecisionAtOne.measure], set: set, units: nil))
        }
        try Scores(
            sets: results.mapValues(\.score), groups: BenchmarkSuite.mmeb.means(results),
            settings: settings, data: data
        ).write(to: output.appending(path: Scores.fileName))
        return output
    }

    @Test func queriesArePaired() throws {
        let a = try write(
            "a", ["CIRR": [1, 0, 0, 1, 0, 1], "NIGHTS": [0, 0], "OVEN": [1]],
            settings: ["dtype": .text("float32"), "threads": .integer(2)])
        let b = try write(
            "b", ["CIRR": [1, 1, 1, 0, 1, 1], "NIGHTS": [1, 1], "EDIS": [1]],
            settings: ["dtype": .text("bfloat16"), "threads": .integer(2)])
        let found = try Comparison(a, b)
        let set = try #require(found.sets["CIRR"])
        #expect((set.wins, set.losses, set.ties, set.queryCount) == (3, 1, 2, 6))
        #expect(set.mean.a == 0.5 && abs(set.mean.difference - 1.0 / 3) < 1e-12)
        #expect(set.mean.interval.lower <= 0 && set.mean.interval.upper >= 0.6)
        #expect(set.gained.map(\.query) == ["q1", "q2", "q4"])
        #expect(set.lost.map(\.query) == ["q3"])
        #expect(set.lost[0].bestOfA?.id == "0" && set.lost[0].bestOfB?.id == "1")
        // Every sample of a constant gain is that gain.
        let constant = try #require(found.sets["NIGHTS"]?.mean)
        #expect(constant.interval == ConfidenceInterval(lower: 1, upper: 1))
        #expect(constant.probability == 2.0 / Double(ResampledMeans.standardCount))
        #expect((found.onlyInA, found.onlyInB) == (["OVEN"], ["EDIS"]))
        #expect(found.settings == ["dtype": [.text("float32"), .text("bfloat16")]])
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

    @Test func whatCannotBePairedIsNamed() throws {
        let a = try write("a", ["S": [1, 0]], data: ["S": "1"])
        for (other, reason) in [
            (try write("b", ["T": [1, 0]]), "they have no set in common"),
            (try write("c", ["S": [1, 0, 1]]), "set 'S' was scored on other queries"),
            (
                try write("d", ["S": [1, 0]], data: ["S": "2"]),
                "set 'S' held other inputs, prompts or judgements"
            ),
        ] {
            #expect(
                throws: EvaluationError.notComparable(a: a.path, b: other.path, reason: reason)
            ) {
                try Comparison(a, other)
            }
        }
    }
}
