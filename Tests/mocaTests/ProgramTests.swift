import Foundation
import MoCaTestSupport
import Testing

/// The commands from end to end.
@Suite struct ProgramTests {
    // One thread: a tiny model gains nothing by more, and tests share the machine.
    private static let model = ["--model", checkpoint.path, "--threads", "1"]
    private static let records = fixtures.appending(path: "model/embed.jsonl")

    private func json(_ result: RunResult) throws -> [String: Any] {
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.split(separator: "\n").count == 1)
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        return try #require(object as? [String: Any])
    }

    @Test func embedsAndReports() throws {
        try withTemporaryFolder { folder in
            let report = folder.appending(path: "report.json")
            let output = folder.appending(path: "out.npy").path
            let result = try BuiltProgram.run(
                ["embed"] + Self.model
                    + [
                        "--input", Self.records.path, "--output", output, "--report", report.path,
                        "--json",
                    ])
            #expect(result.errors.isEmpty)
            let printed = try json(result)
            #expect(printed["items"] as? Int == 5)
            let written = try JSONSerialization.jsonObject(with: Data(contentsOf: report))
            let keys = Set(try #require(written as? [String: Any]).keys)
            #expect(
                keys.isSuperset(of: [
                    "items", "text_tokens", "image_tokens", "seconds_load", "seconds_preprocess",
                    "seconds_compute", "seconds_total", "peak_rss_bytes",
                ]))
        }
    }

    @Test func imagesAndStandardInput() throws {
        try withTemporaryFolder { folder in
            let picture = fixtures.appending(path: "image/files/webp_lossless.webp").path
            let images = try BuiltProgram.run(
                ["embed"] + Self.model + ["--output", "a.jsonl", picture, picture], in: folder)
            #expect(images.status == 0, "\(images.errors)")
            let text = try String(contentsOf: folder.appending(path: "a.jsonl"), encoding: .utf8)
            let lines = text.split(separator: "\n")
            #expect(lines.count == 2 && lines[0] == lines[1])

            let process = try BuiltProgram.make(
                ["embed"] + Self.model + ["--input", "-", "--output", "b.jsonl"], in: folder)
            process.standardInput = try FileHandle(forReadingFrom: Self.records)
            try process.run()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
            let other = try String(contentsOf: folder.appending(path: "b.jsonl"), encoding: .utf8)
            #expect(other.split(separator: "\n").count == 5)
        }
    }

    /// kill -9 in the middle of a run, and the output of the resumed one is that of one never killed.
    @Test func resumesAfterAKill() throws {
        try withTemporaryFolder { folder in
            let lines = (0..<100).map { "{\"text\": \"the record of number \($0) is short\"}\n" }
            let input = folder.appending(path: "in.jsonl")
            try lines.joined().write(to: input, atomically: true, encoding: .utf8)
            let common = ["embed"] + Self.model + ["--input", input.path, "--batch-tokens", "8"]
            let whole = try BuiltProgram.run(common + ["--output", "a.npy"], in: folder)
            #expect(whole.status == 0, "\(whole.errors)")

            let process = try BuiltProgram.make(common + ["--output", "b.npy"], in: folder)
            try process.run()
            let kept = folder.appending(path: "b.npy.progress/records.jsonl")
            while process.isRunning, !hasCommit(kept) { usleep(500) }
            kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
            #expect(
                !FileManager.default.fileExists(atPath: folder.appending(path: "b.npy").path))

            let rest = try BuiltProgram.run(
                common + ["--output", "b.npy", "--resume", "--json"], in: folder)
            let report = try json(rest)
            #expect((report["resumed_records"] as? Int ?? 0) > 0)
            let names = ["a.npy", "b.npy"].map { folder.appending(path: $0) }
            #expect(try Data(contentsOf: names[0]) == Data(contentsOf: names[1]))
        }
    }

    private func hasCommit(_ file: URL) -> Bool {
        let data = (try? Data(contentsOf: file)) ?? Data()
        return data.range(of: Data("\"commit\"".utf8)) != nil
    }

    @Test func signalEndsWithStatus75() throws {
        try withTemporaryFolder { folder in
            let lines = (0..<300).map { "{\"text\": \"the record of number \($0) is short\"}\n" }
            let input = folder.appending(path: "in.jsonl")
            try lines.joined().write(to: input, atomically: true, encoding: .utf8)
            let process = try BuiltProgram.make(
                ["embed"] + Self.model
                    + ["--input", input.path, "--output", "a.npy", "--batch-tokens", "8"],
                in: folder)
            let errors = Pipe()
            process.standardError = errors
            try process.run()
            let kept = folder.appending(path: "a.npy.progress/records.jsonl")
            while process.isRunning, !hasCommit(kept) { usleep(500) }
            process.terminate()
            process.waitUntilExit()
            let text = String(
                decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            #expect(process.terminationStatus == 75, "\(text)")
            #expect(text.hasPrefix("error: run was interrupted (") && text.contains("--resume"))
        }
    }

    @Test func similarityIsACosine() throws {
        let result = try json(
            try BuiltProgram.run(
                ["similarity"] + Self.model
                    + ["--query", "a b c", "d", "--target", "a b c", "--no-normalize", "--json"]))
        let rows = try #require(result["similarity"] as? [[Double]])
        #expect(rows.count == 2 && rows.allSatisfy { $0.count == 1 })
        #expect(abs(rows[0][0] - 1) < 1e-5 && rows[1][0] < 0.9999)
    }

    @Test func replayEqualsTransformers() throws {
        let folder = fixtures.appending(path: "model")
        let losses = try JSONSerialization.jsonObject(
            with: Data(contentsOf: folder.appending(path: "losses.json")))
        let table = try #require(losses as? [String: Any])
        for (name, objective) in [
            ("pretrain_mixed", "pretrain"), ("pretrain_text", "pretrain"),
            ("contrastive_2", "contrastive"), ("contrastive_counts", "contrastive"),
        ] {
            let row = try #require(table[name] as? [String: Any], "\(name) in \(table.keys)")
            let weight = row["mae_weight"].map { ["--mae-weight", "\($0)"] } ?? []
            let temperature = row["temperature"].map { ["--temperature", "\($0)"] } ?? []
            let result = try json(
                try BuiltProgram.run(
                    [
                        "replay", "--threads", "1", "--model",
                        folder.appending(path: "checkpoint").path,
                        "--objective", objective, "--batch",
                        folder.appending(path: "\(name).safetensors").path, "--json",
                    ] + weight + temperature))
            for key in ["loss", "mlm_loss", "mae_loss", "grad_norm"] {
                guard let expected = row[key] as? Double else { continue }
                let found = try #require(result[key] as? Double)
                #expect(abs(found - expected) <= 2e-5 * max(abs(expected), 0.1), "\(name) \(key)")
            }
        }
    }

    /// A folder's parts are one step: the loss is the mean over all of them.
    @Test func replayTakesAllPartsOfAFolder() throws {
        try withTemporaryFolder { folder in
            let model = fixtures.appending(path: "model")
            for (name, part) in [("contrastive_2", "batch"), ("contrastive_counts", "batch-2")] {
                try FileManager.default.copyItem(
                    at: model.appending(path: "\(name).safetensors"),
                    to: folder.appending(path: "\(part).safetensors"))
            }
            func loss(_ batches: [String]) throws -> Double {
                let result = try json(
                    try BuiltProgram.run(
                        [
                            "replay", "--threads", "1", "--model",
                            model.appending(path: "checkpoint").path, "--json", "--batch",
                        ] + batches))
                return try #require(result["loss"] as? Double)
            }
            let files = ["batch", "batch-2"].map {
                folder.appending(path: "\($0).safetensors").path
            }
            let parts = try files.map { try loss([$0]) }
            let whole = try loss([folder.path])
            // Both parts have three queries.
            #expect(abs(whole - (parts[0] + parts[1]) / 2) <= 1e-5 * whole)
            #expect(try loss(files) == whole)
            #expect(parts[0] != parts[1])
        }
    }

    @Test func modelIsMadeCheckedAndDescribed() throws {
        try withTemporaryFolder { folder in
            let made = folder.appending(path: "made").path
            let arguments = [
                "model", "init", "--config", checkpoint.appending(path: "config.json").path,
                "--output", made, "--seed", "3", "--scheme", "unit-variance", "--dtype", "float32",
                "--tokenizer", checkpoint.path,
            ]
            #expect(try BuiltProgram.run(arguments).status == 0)
            #expect(try BuiltProgram.run(arguments).status == 73)
            let info = try json(try BuiltProgram.run(["model", "info", "--model", made, "--json"]))
            #expect(info["missing"] as? [String] == [] && info["unknown"] as? [String] == [])
            #expect(info["vector_length"] as? Int == 32)
            #expect((info["stored_bytes"] as? [String: Int])?.keys.sorted() == ["F32"])
            let text = try BuiltProgram.run(["model", "info", "--model", made])
            #expect(text.status == 0 && text.output.contains("vision tower"))

            let verify = ["model", "verify", "--model", made, "--json"]
            #expect(try json(try BuiltProgram.run(verify + ["--write"]))["probes"] as? Int == 4)
            let again = try json(try BuiltProgram.run(verify))
            #expect(again["differing"] as? Int == 0)
            // Another build, here other weights, is found out.
            try FileManager.default.removeItem(atPath: made + "/model.safetensors")
            try FileManager.default.removeItem(atPath: made + "/config.json")
            try FileManager.default.moveItem(
                atPath: made + "/moca.json", toPath: folder.path + "/moca.json")
            #expect(try BuiltProgram.run(arguments + ["--seed", "4"]).status == 0)
            try FileManager.default.moveItem(
                atPath: folder.path + "/moca.json", toPath: made + "/moca.json")
            #expect(try BuiltProgram.run(verify).status == 65)
        }
    }

    @Test func benchmarksPrintTheirFigures() throws {
        for arguments in [
            ["bench", "embed", "--repeat", "1"],
            ["bench", "train", "--objective", "contrastive", "--repeat", "1", "--batch", "3"],
            ["bench", "train", "--objective", "pretrain", "--repeat", "1"],
        ] {
            let result = try json(
                try BuiltProgram.run(
                    arguments + ["--json", "--input", Self.records.path] + Self.model))
            #expect((result["share_of_peak"] as? Double ?? 0) > 0)
            #expect(result["items"] as? Int == 5)
        }
    }
}
