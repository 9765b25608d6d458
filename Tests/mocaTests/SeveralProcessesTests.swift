import Foundation
import MoCaTestSupport
import Testing

/// `moca embed`, `evaluate` and `data mine` in several processes that share a folder.
@Suite struct SeveralProcessesTests {
    private static let model = ["--model", checkpoint.path, "--threads", "1"]

    /// Texts of several windows.
    private func input(_ count: Int, in folder: URL) throws -> String {
        let lines = (0..<count).map { "{\"text\": \"the record of number \($0) is short\"}\n" }
        let input = folder.appending(path: "in.jsonl")
        try lines.joined().write(to: input, atomically: true, encoding: .utf8)
        return input.path
    }

    private func embed(_ input: String) -> [String] {
        ["embed"] + Self.model + ["--input", input, "--batch-tokens", "8"]
    }

    /// The variables of torchrun.
    private func variables(rank: Int, of worldSize: Int) -> [String: String] {
        [
            "RANK": "\(rank)", "WORLD_SIZE": "\(worldSize)", "LOCAL_RANK": "\(rank)",
            "LOCAL_WORLD_SIZE": "\(worldSize)", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29511",
        ]
    }

    /// Runs a command in two ranks at the same time.
    ///
    /// - Returns: the result of rank 0. The other one must end well without a word.
    private func run(_ arguments: [String], in folder: URL) throws -> RunResult {
        let other = try BuiltProgram.make(
            arguments, environment: variables(rank: 1, of: 2), in: folder)
        let words = Pipe()
        other.standardOutput = words
        other.standardError = words
        try other.run()
        let result = try BuiltProgram.run(
            arguments, environment: variables(rank: 0, of: 2), in: folder)
        let text = words.fileHandleForReading.readDataToEndOfFile()
        other.waitUntilExit()
        #expect(other.terminationStatus == 0)
        #expect(String(decoding: text, as: UTF8.self).isEmpty)
        return result
    }

    private func file(_ path: String, in folder: URL) throws -> Data {
        try Data(contentsOf: folder.appending(path: path))
    }

    private func hasCommit(_ file: URL) -> Bool {
        let data = (try? Data(contentsOf: file)) ?? Data()
        return data.range(of: Data("\"commit\"".utf8)) != nil
    }

    /// One shard is killed, goes on, and the merged parts are what one process writes.
    @Test func shardsAreMerged() throws {
        try withTemporaryFolder { folder in
            let common = embed(try input(1000, in: folder))
            let whole = try BuiltProgram.run(common + ["--output", "whole.npy"], in: folder)
            #expect(whole.status == 0, "\(whole.errors)")
            let second = common + ["--output", "out.npy", "--shard", "1/2"]
            let process = try BuiltProgram.make(second, in: folder)
            process.standardError = FileHandle.nullDevice
            try process.run()
            let kept = folder.appending(path: "out.npy.part-1-of-2/records.jsonl")
            while process.isRunning, !hasCommit(kept) { usleep(500) }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()

            let missing = try BuiltProgram.run(
                ["vectors", "merge", "--output", "out.npy"], in: folder)
            #expect(missing.status == 66)
            #expect(missing.errors.contains("there is none of shard 0 of 2"))
            let first = try BuiltProgram.run(
                common + ["--output", "out.npy", "--shard", "0/2"], in: folder)
            #expect(first.status == 0, "\(first.errors)")
            let incomplete = try BuiltProgram.run(
                ["vectors", "merge", "--output", "out.npy"], in: folder)
            #expect(incomplete.status == 66)
            #expect(incomplete.errors.contains("parts are incomplete ("))

            let rest = try BuiltProgram.run(second + ["--resume", "--json"], in: folder)
            #expect(rest.status == 0, "\(rest.errors)")
            #expect(!rest.output.contains("\"resumed_records\":0"))
            let merged = try BuiltProgram.run(
                ["vectors", "merge", ".", "--output", "out.npy", "--json", "--remove-parts"],
                in: folder)
            #expect(merged.status == 0, "\(merged.errors)")
            #expect(merged.output == "{\"items\":1000,\"parts\":2,\"records\":1000}\n")
            for name in ["npy", "npy.ids.json"] {
                #expect(
                    try file("out.\(name)", in: folder) == file("whole.\(name)", in: folder))
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(!names.contains { $0.contains(".part-") })
        }
    }

    @Test func recordsLeftOutAreListedByTheMerge() throws {
        try withTemporaryFolder { folder in
            let lines = ["{\"text\": \"a\"}", "{\"text\": \"\"}", "{\"text\": \"b\"}"]
            try lines.joined(separator: "\n").write(
                to: folder.appending(path: "in.jsonl"), atomically: true, encoding: .utf8)
            let result = try BuiltProgram.run(
                ["embed"] + Self.model
                    + [
                        "--input", "in.jsonl", "--output", "out.jsonl", "--shard", "0/1",
                        "--on-error", "skip",
                    ], in: folder)
            #expect(result.status == 0)
            #expect(result.errors.contains("1 of 3 records of the part were left out"))
            // The output may also come first, and be of another format.
            let merged = try BuiltProgram.run(
                ["vectors", "merge", "out.npy", "out.jsonl.part-0-of-1"], in: folder)
            #expect(merged.status == 65)
            #expect(
                merged.errors.contains(
                    "records were left out (\(folder.path)/out.npy.errors.jsonl)"))
            let list = String(decoding: try file("out.npy.errors.jsonl", in: folder), as: UTF8.self)
            #expect(list.contains("line 2"))
        }
    }

    @Test(arguments: ["2/2", "x", "1"])
    func shardsThatDoNotExistAreRefused(_ shard: String) throws {
        let result = try BuiltProgram.run(
            ["embed", "--input", "-", "--output", "out.npy", "--shard", shard])
        #expect(result.status == 64)
        #expect(result.errors.contains("0/8 is the first of 8"))
    }

    // MARK: Ranks

    @Test func ranksEmbed() throws {
        try withTemporaryFolder { folder in
            let common = embed(try input(200, in: folder))
            let whole = try BuiltProgram.run(
                common + ["--output", "whole.safetensors"], in: folder)
            #expect(whole.status == 0, "\(whole.errors)")
            let result = try run(
                common + ["--output", "out.safetensors", "--json", "--report", "report.json"],
                in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("\"items\":200"))
            #expect(try file("report.json", in: folder) == Data(result.output.utf8))
            #expect(
                try file("out.safetensors", in: folder) == file("whole.safetensors", in: folder))
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(
                names.sorted()
                    == ["in.jsonl", "out.safetensors", "report.json", "whole.safetensors"])
        }
    }

    /// All ranks are killed in the middle, and the same command goes on without an option.
    @Test func ranksGoOnAfterAKill() throws {
        try withTemporaryFolder { folder in
            let common = embed(try input(1000, in: folder))
            let whole = try BuiltProgram.run(common + ["--output", "whole.npy"], in: folder)
            #expect(whole.status == 0, "\(whole.errors)")
            let processes = try (0..<2).map { rank in
                let process = try BuiltProgram.make(
                    common + ["--output", "out.npy"],
                    environment: variables(rank: rank, of: 2), in: folder)
                process.standardError = FileHandle.nullDevice
                try process.run()
                return process
            }
            let kept = folder.appending(path: "out.npy.part-1-of-2/records.jsonl")
            while processes[1].isRunning, !hasCommit(kept) { usleep(500) }
            for process in processes.reversed() {
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
            }
            #expect(
                !FileManager.default.fileExists(atPath: folder.appending(path: "out.npy").path))
            let result = try run(common + ["--output", "out.npy", "--json"], in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(!result.output.contains("\"resumed_records\":0"))
            #expect(try file("out.npy", in: folder) == file("whole.npy", in: folder))
        }
    }

    @Test func oneRankIsOneProcess() throws {
        try withTemporaryFolder { folder in
            let result = try BuiltProgram.run(
                embed(try input(200, in: folder)) + ["--output", "out.npy"],
                environment: variables(rank: 0, of: 1), in: folder)
            #expect(result.status == 0, "\(result.errors)")
        }
    }

    @Test func ranksEvaluate() throws {
        try withTemporaryFolder { folder in
            let data = fixtures.appending(path: "data/vidore").path
            func arguments(_ output: String) -> [String] {
                ["evaluate", "vidore", "--data", data, "--output", output, "--save-vectors"]
                    + Self.model
            }
            let whole = try BuiltProgram.run(arguments("whole"), in: folder)
            #expect(whole.status == 0, "\(whole.errors)")
            let result = try run(arguments("ranks"), in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output == whole.output)
            #expect(result.errors.contains("embedded 5 inputs, "))
            for name in ["scores.json", "vidore_queries.jsonl", "vidore_vectors.safetensors"] {
                #expect(
                    try file("ranks/\(name)", in: folder) == file("whole/\(name)", in: folder),
                    "\(name)")
            }
        }
    }

    @Test func ranksMine() throws {
        try withTemporaryFolder { folder in
            let set = folder.appending(path: "data/pairs", directoryHint: .isDirectory)
            try FileManager.default.createDirectory(at: set, withIntermediateDirectories: true)
            let lines = (0..<30).map {
                "{\"qry\": \"query \($0)\", \"pos_text\": \"text \($0 % 20)\"}\n"
            }
            try lines.joined().write(
                to: set.appending(path: "train.jsonl"), atomically: true, encoding: .utf8)
            func arguments(_ output: String) -> [String] {
                ["data", "mine", "--data", "data", "--output", output] + Self.model
            }
            let whole = try BuiltProgram.run(arguments("whole"), in: folder)
            #expect(whole.status == 0, "\(whole.errors)")
            let result = try run(arguments("ranks"), in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output == whole.output)
            for name in ["train.parquet", "mining.json"] {
                #expect(
                    try file("ranks/pairs/\(name)", in: folder)
                        == file("whole/pairs/\(name)", in: folder), "\(name)")
            }
        }
    }
}
