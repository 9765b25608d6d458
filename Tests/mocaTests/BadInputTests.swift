import Foundation
import MoCaTestSupport
import Testing

/// What a user sees: one line that says what, where, why and how to mend it, and a sysexits status.
@Suite struct BadInputTests {
    /// `in.jsonl` with a good first line and `line` as the second.
    private func embed(
        _ line: String, _ more: [String] = [], model: URL = checkpoint
    ) throws -> RunResult {
        try withTemporaryFolder { folder in
            try "{\"text\": \"good\"}\n\(line)\n".write(
                to: folder.appending(path: "in.jsonl"), atomically: true, encoding: .utf8)
            try Data("not an image".utf8).write(to: folder.appending(path: "broken.png"))
            return try BuiltProgram.run(
                ["embed", "--threads", "1", "--model", model.path, "--input", "in.jsonl"]
                    + ["--output", "out.npy"] + more, in: folder)
        }
    }

    static let lines: [(line: String, status: Int32, parts: [String])] = [
        ("{\"text\": \"\"}", 65, ["empty content (", "in.jsonl, line 2"]),
        ("{\"text\": \"<|image_pad|>\"}", 65, ["image token in plain text (", "line 2"]),
        (
            "{\"text\": \"<|vision_start|><|image_pad|><|vision_end|>\"}", 65,
            ["image count does not match (", "line 2", "1 placeholders for 0 images"]
        ),
        ("{\"images\": [\"nowhere.png\"]}", 66, ["missing image (", "line 2", "nowhere.png"]),
        (
            "{\"images\": [\"broken.png\"]}", 65,
            ["record cannot be embedded (", "in.jsonl, line 2", "broken.png"]
        ),
        ("{\"images\": [\"data:image/png;base64,!\"]}", 65, ["unreadable image (", "line 2"]),
        ("{\"text\": 1}", 65, ["wrong type (", "line 2"]),
        ("{\"text\": ", 65, ["malformed record (", "line 2"]),
    ]

    @Test(arguments: lines.indices)
    func recordIsNamed(index: Int) throws {
        let (line, status, parts) = Self.lines[index]
        let result = try embed(line)
        expect(result, status: status, parts: parts)
    }

    @Test func skippedRecordsAreListed() throws {
        try withTemporaryFolder { folder in
            try "{\"text\": \"good\"}\n{\"id\": \"bad\", \"text\": \"\"}\n".write(
                to: folder.appending(path: "in.jsonl"), atomically: true, encoding: .utf8)
            let result = try BuiltProgram.run(
                [
                    "embed", "--model", checkpoint.path, "--input", "in.jsonl", "--output",
                    "out.npy", "--on-error", "skip", "--json",
                ], in: folder)
            expect(result, status: 65, parts: ["records were left out (", "1 of 2"])
            #expect(result.output.contains("\"items\":1"))
            let list = folder.appending(path: "out.npy.errors.jsonl")
            let text = try String(contentsOf: list, encoding: .utf8)
            #expect(text.contains("\"id\":\"bad\"") && text.contains("line 2"))
            #expect(
                FileManager.default.fileExists(
                    atPath: folder.appending(path: "out.npy").path))
        }
    }

    @Test func missingModel() throws {
        let result = try embed(
            "{\"text\": \"x\"}", model: URL(fileURLWithPath: "/nowhere/model"))
        expect(result, status: 66, parts: ["input is missing (--model /nowhere/model)"])
        try withTemporaryFolder { folder in
            let empty = try embed("{\"text\": \"x\"}", model: folder)
            expect(empty, status: 66, parts: [folder.path])
            let unnamed = try BuiltProgram.run(
                ["model", "info"], environment: ["MOCA_MODEL": folder.path])
            expect(unnamed, status: 66, parts: [folder.path])
        }
    }

    @Test func missingAndUnknownWeights() throws {
        try withTemporaryFolder { folder in
            let damaged = try DamagedCheckpoint(in: folder)
            try damaged.rename(
                "model.language_model.norm.weight", to: "model.language_model.n0rm.weight")
            let result = try embed("{\"text\": \"x\"}", model: damaged.folder)
            expect(
                result, status: 65,
                parts: ["1 missing: model.norm.weight", "1 unknown: model.n0rm.weight"])
        }
    }

    @Test func weightsThatAreNotNumbers() throws {
        try withTemporaryFolder { folder in
            let damaged = try DamagedCheckpoint(in: folder)
            try damaged.spoil("model.language_model.norm.weight")
            let result = try embed("{\"text\": \"x\"}", model: damaged.folder)
            expect(result, status: 65, parts: ["in.jsonl, line 1", "its vector is not finite"])
        }
    }

    @Test func otherFailures() throws {
        let good = "{\"text\": \"x\"}"
        expect(
            try embed(good, ["--max-length", "1", "--truncation", "error"]), status: 65,
            parts: ["record cannot be embedded (", "line 1", "the limit is 1"])
        let long = String(repeating: "\u{4e00} ", count: 3000)
        expect(
            try embed("{\"text\": \"\(long)\"}"), status: 65,
            parts: ["record cannot be embedded (", "line 2", "the model has 4096 positions"])
        expect(
            try embed(good, ["--dimensions", "33"]), status: 78,
            parts: ["option cannot be used (dimensions): it is 33, allowed is 1 to 32"])
        expect(
            try BuiltProgram.run([
                "embed", "--model", checkpoint.path, "--input",
                fixtures.path + "/model/embed.jsonl",
                "--output", "/tmp/out.csv",
            ]), status: 73, parts: ["output cannot be written (/tmp/out.csv)"])
        expect(
            try BuiltProgram.run([
                "embed", "--model", checkpoint.path, "--output", "/tmp/out.npy", "/nowhere.png",
            ]), status: 66, parts: ["input is missing (/nowhere.png)"])
        expect(
            try BuiltProgram.run(["model", "verify", "--model", checkpoint.path]), status: 78,
            parts: ["the contract has no probes"])
    }

    @Test(arguments: [
        ["embed", "--output", "a.npy"], ["embed", "--input", "a.jsonl"],
        ["embed", "--input", "a.jsonl", "--output", "a.npy", "b.png"],
        ["embed", "--input", "a.jsonl", "--output", "a.npy", "--batch-tokens", "0"],
        ["embed", "--input", "a", "--output", "b", "--min-pixels", "9", "--max-pixels", "8"],
        ["embed", "--input", "a", "--output", "b", "--dtype", "int3"],
        ["embed", "--input", "a", "--output", "b", "--device", "gpu"],
        ["replay", "--objective", "pretrain"], ["similarity", "--query", "a"], ["unknown"],
        ["replay", "--objective", "contrastive", "--batch", "b", "--temperature", "0"],
    ])
    func usage(arguments: [String]) throws {
        let result = try BuiltProgram.run(arguments)
        #expect(result.status == 64)
        #expect(result.errors.contains("Error: ") && result.errors.contains("Usage: "))
        #expect(result.output.isEmpty)
    }

    @Test func verboseSaysMore() throws {
        let result = try embed("{\"text\": \"\"}", ["--verbose"])
        #expect(result.errors.split(separator: "\n").count == 2)
        #expect(result.errors.contains("DataError"))
    }

    /// One line on standard error, nothing on standard output but JSON.
    private func expect(_ result: RunResult, status: Int32, parts: [String]) {
        #expect(result.status == status, "\(result.errors)")
        let lines = result.errors.split(separator: "\n")
        #expect(lines.count == 1 && result.errors.hasPrefix("error: "), "\(result.errors)")
        for part in parts { #expect(result.errors.contains(part), "\(result.errors)") }
        #expect(result.errors.contains("; "), "no remedy: \(result.errors)")
    }
}
