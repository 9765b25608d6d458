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

    /// The queries of attention, whose kernel takes the exponential of a NaN for a number.
    @Test(arguments: [
        ("model/checkpoint_newer", "model.language_model.layers.1.self_attn.q_proj.weight"),
        ("families/mme5", "language_model.model.layers.2.self_attn.k_proj.weight"),
        ("families/colqwen2_5", "model.layers.0.self_attn.q_proj.weight"),
    ])
    func weightsOfAttentionThatAreNotNumbers(_ model: String, _ weight: String) throws {
        try withTemporaryFolder { folder in
            let source = fixtures.appending(path: model)
            let damaged = try DamagedCheckpoint(in: folder, of: source)
            try damaged.spoil(weight)
            let output = model.contains("colqwen") ? ["--output", "out.safetensors"] : []
            let result = try embed("{\"text\": \"x\"}", output, model: damaged.folder)
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
        ["similarity", "--query", "", "--target", "a"],
        ["replay", "--objective", "contrastive", "--batch", "b", "--temperature", "0"],
    ])
    func usage(arguments: [String]) throws {
        let result = try BuiltProgram.run(arguments)
        #expect(result.status == 64)
        #expect(result.errors.contains("Error: ") && result.errors.contains("Usage: "))
        #expect(result.output.isEmpty)
    }

    /// A blank instruction is the embedder's own, in every command.
    @Test func aBlankInstructionIsNone() throws {
        try withTemporaryFolder { folder in
            try Data("{\"text\": \"a\"}\n".utf8).write(to: folder.appending(path: "in.jsonl"))
            func output(_ arguments: [String]) throws -> String {
                let result = try BuiltProgram.run(
                    arguments + ["--threads", "1", "--json"], in: folder)
                #expect(result.status == 0, "\(result.errors)")
                return result.output
            }
            for model in ["families/gme", "families/vlm2vec"] {
                let model = ["--model", fixtures.appending(path: model).path]
                let compare = ["similarity", "--query", "a", "--target", "b"] + model
                #expect(try output(compare) == output(compare + ["--instruction", ""]))
                let embed = ["embed", "--input", "in.jsonl", "--output"]
                _ = try output(embed + ["a.npy"] + model)
                _ = try output(embed + ["b.npy", "--instruction", " "] + model)
                let files = try ["a.npy", "b.npy"].map {
                    try Data(contentsOf: folder.appending(path: $0))
                }
                #expect(files[0] == files[1])
            }
        }
    }

    /// Inputs are named as they were given, and empty texts refused, whatever the prompt adds.
    @Test func inputsOfASimilarityAreNamed() throws {
        try withTemporaryFolder { folder in
            let image = folder.appending(path: "broken.png").path
            try Data("no image".utf8).write(to: URL(fileURLWithPath: image))
            let model = ["--model", fixtures.appending(path: "families/colqwen2_5").path]
            let broken = try BuiltProgram.run(
                ["similarity", "--query", "a", "--target", "b", "--target-image", image] + model)
            expect(broken, status: 65, parts: ["input cannot be embedded (\(image)): "])
            let role = try embed("{\"text\": \"a\"}", ["--prompt", "bogus"])
            expect(
                role, status: 78,
                parts: ["prompt is unknown (bogus): the model has no prompts by role; leave"])
        }
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
