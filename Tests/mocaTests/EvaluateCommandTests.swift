import Foundation
import MoCaTestSupport
import Testing

/// `moca evaluate`, as a user runs it.
@Suite struct EvaluateCommandTests {
    private static let model = ["--model", checkpoint.path, "--threads", "1"]
    private static let records = """
        {"id": "a", "text": "a ship on the sea"}
        {"id": "b", "text": "a train in the hills"}
        {"id": "c", "text": "violet flowers"}
        {"id": "d", "text": "numbers: 1234"}

        """

    /// Two evaluations of one set, by the mean and by the last token.
    private func evaluations(in folder: URL) throws {
        let words = ["ship", "train", "violet", "mountain", "x", "1234"]
        let lines = words.indices.map { index in
            let targets = (0..<4).map { "\"\(words[(index + $0) % words.count])\"" }
            return
                "{\"qry_text\": \"Find:\\n \(words[index])\", \"tgt_text\": [\(targets.joined(separator: ", "))]}\n"
        }
        let set = folder.appending(path: "data/Words", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: set, withIntermediateDirectories: true)
        try lines.joined().write(
            to: set.appending(path: "test.jsonl"), atomically: true, encoding: .utf8)
        for pooling in ["mean", "last"] {
            let result = try BuiltProgram.run(
                ["evaluate", "mmeb", "--data", "data", "--output", pooling, "--pooling", pooling]
                    + Self.model, in: folder)
            #expect(result.status == 0, "\(result.errors)")
        }
    }

    @Test func compareSaysWhatDiffers() throws {
        try withTemporaryFolder { folder in
            try evaluations(in: folder)
            let result = try BuiltProgram.run(["evaluate", "compare", "mean", "last"], in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("setting pooling: mean -> last\n"))
            #expect(!result.output.contains("setting threads"))
            let json = try BuiltProgram.run(
                ["evaluate", "compare", "mean", "last", "--json", "--examples", "10"], in: folder)
            let object = try JSONSerialization.jsonObject(with: Data(json.output.utf8))
            let sets = (object as? [String: Any])?["sets"] as? [String: [String: Any]]
            let set = try #require(sets?["Words"])
            let examples = ["gained", "lost"].flatMap { set[$0] as? [[String: Any]] ?? [] }
            let changed = ["wins", "losses"].reduce(0) { $0 + (set[$1] as? Int ?? 0) }
            #expect(set["num_queries"] as? Int == 6 && examples.count == changed)
            #expect(changed > 0)
            for example in examples {
                #expect((example["input"] as? String)?.hasPrefix("Find:\n ") == true)
                #expect(result.output.contains("\"Find: "))
            }
        }
    }

    @Test func compareRefusesOutcomesOfAnotherRun() throws {
        try withTemporaryFolder { folder in
            try evaluations(in: folder)
            let file = folder.appending(path: "last/Words_queries.jsonl")
            try FileManager.default.removeItem(at: file)
            try FileManager.default.copyItem(
                at: folder.appending(path: "mean/Words_queries.jsonl"), to: file)
            let result = try BuiltProgram.run(["evaluate", "compare", "mean", "last"], in: folder)
            #expect(result.status == 65)
            #expect(result.output.isEmpty)
            #expect(result.errors.contains("it is not the file that scores.json is of"))
            let missing = try BuiltProgram.run(["evaluate", "compare", "mean", "none"], in: folder)
            #expect(missing.status == 66)
        }
    }

    @Test func driftComparesTwoModels() throws {
        try withTemporaryFolder { folder in
            let input = folder.appending(path: "in.jsonl")
            try Self.records.write(to: input, atomically: true, encoding: .utf8)
            let other = fixtures.appending(path: "model/checkpoint").path
            let options = ["--input", "in.jsonl", "--output", "out", "--threads", "1", "--json"]
            func drift(_ models: [String], _ more: [String] = []) throws -> [String: Any] {
                let result = try BuiltProgram.run(
                    ["evaluate", "drift"] + models + options + more, in: folder)
                #expect(result.status == 0, "\(result.errors)")
                let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
                return try #require(object as? [String: Any])
            }
            let same = try drift([checkpoint.path, checkpoint.path])
            #expect(same["count"] as? Int == 4 && same["nearest_changed"] as? Double == 0)
            let cosine = try #require(same["cosine"] as? [String: Double])
            #expect(abs((cosine["min"] ?? 0) - 1) < 1e-6)
            let moved = try drift([checkpoint.path, other], ["--pooling", "last"])
            #expect((moved["moved"] as? [Any])?.count == 4)
            let file = try Data(contentsOf: folder.appending(path: "out/drift.json"))
            #expect(
                try JSONSerialization.jsonObject(with: file) as? NSDictionary
                    == moved as NSDictionary)
        }
    }

    @Test func whatDriftRefuses() throws {
        try withTemporaryFolder { folder in
            let input = folder.appending(path: "in.jsonl")
            try Self.records.write(to: input, atomically: true, encoding: .utf8)
            let start = ["evaluate", "drift", checkpoint.path, checkpoint.path]
            for (arguments, status, text) in [
                (["--input", "no.jsonl", "--output", "out"], 66, "no.jsonl"),
                (
                    ["--input", "in.jsonl", "--output", "out", "--no-normalize"], 64,
                    "leave out --no-normalize"
                ),
                (
                    ["--input", "in.jsonl", "--output", "out", "--adapter-b", "none"], 66,
                    "--adapter-a or --adapter-b"
                ),
                (["--input", "in.jsonl", "--output", "in.jsonl/x"], 73, "in.jsonl"),
            ] as [([String], Int32, String)] {
                let result = try BuiltProgram.run(start + arguments, in: folder)
                #expect(result.status == status, "\(result.errors)")
                #expect(result.errors.contains(text), "\(result.errors)")
            }
        }
    }

    /// mteb has no task of MMEB, and its model and dtype are the revision.
    @Test func resultsForMTEB() throws {
        try withTemporaryFolder { folder in
            let data = fixtures.appending(path: "data/vidore").path
            let written = try BuiltProgram.run(
                ["evaluate", "vidore", "--data", data, "--output", "scores", "--mteb", "results"]
                    + Self.model, in: folder)
            #expect(written.status == 0, "\(written.errors)")
            let results = folder.appending(path: "results")
            let files =
                FileManager.default.enumerator(atPath: results.path)?
                .compactMap { $0 as? String }.filter { $0.hasSuffix(".json") } ?? []
            #expect(files.count == 2 && files.allSatisfy { $0.contains("-float32/") })
            let file = try #require(files.first { $0.hasSuffix("vidore.json") })
            let object = try JSONSerialization.jsonObject(
                with: Data(contentsOf: results.appending(path: file)))
            let scores = (object as? [String: Any])?["scores"] as? [String: [[String: Any]]]
            let languages = scores?["test"]?.compactMap { $0["languages"] as? [String] }
            #expect(languages == [["deu-Latn"], ["eng-Latn"]])
            let refused = try BuiltProgram.run(
                ["evaluate", "mmeb", "--data", data, "--output", "s", "--mteb", "m"] + Self.model,
                in: folder)
            #expect(refused.status == 64)
            let help = try BuiltProgram.run(["evaluate", "mmeb", "--help"])
            #expect(help.output.contains("There is no --mteb"))
        }
    }
}
