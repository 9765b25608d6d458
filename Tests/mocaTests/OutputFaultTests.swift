import Foundation
import MoCaTestSupport
import Testing

/// Outputs that cannot be written are said so, and before anything costly begins.
@Suite struct OutputFaultTests {
    private static let model = ["--model", checkpoint.path, "--threads", "1"]

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func aFullStandardOutputIsAFailure() throws {
        let process = try BuiltProgram.make(
            ["similarity"] + Self.model + ["--query", "a", "--target", "b", "--json"])
        let errors = Pipe()
        process.standardOutput = try FileHandle(
            forWritingTo: URL(fileURLWithPath: "/dev/full"))
        process.standardError = errors
        try process.run()
        let text = String(
            decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 73)
        #expect(
            text.hasPrefix(
                "error: output cannot be written (standard output): No space left on device; "))
    }

    /// The model's folder is not there, which is found out later.
    @Test func outputsAreTriedBeforeTheModelIsLoaded() throws {
        try withTemporaryFolder { folder in
            let input = fixtures.appending(path: "model/embed.jsonl").path
            let (file, below) = (
                folder.appending(path: "file"), folder.appending(path: "file/below").path
            )
            try Data().write(to: file)
            let missing = folder.appending(path: "missing/a.npy").path
            for arguments in [
                ["embed", "--input", input, "--output", missing],
                ["embed", "--input", input, "--output", folder.path + "/a.npy", "--report", below],
                ["evaluate", "mmeb", "--data", folder.path, "--output", below],
                ["index", folder.path, "--index", below],
            ] {
                let result = try BuiltProgram.run(arguments + Self.model)
                #expect(result.status == 73, "\(arguments) \(result.errors)")
                #expect(result.errors.hasPrefix("error: output cannot be written ("))
            }
        }
    }

    /// The scores as a run goes are those of `moca evaluate` on the model that it leaves.
    @Test(arguments: [("mmeb", false), ("mmeb", true), ("vidore", false)])
    func scoresOfARunAreThoseOfItsModel(_ benchmark: String, isNano: Bool) throws {
        let nano = isNano ? ", nano: true" : ""
        try withTemporaryFolder { folder in
            let data = Repository.exampleData.path
            let sets =
                benchmark == "mmeb"
                ? "\(data)/mmeb-eval" : fixtures.appending(path: "data/vidore").path
            let subset = benchmark == "mmeb" ? "WordNet_def2word" : "vidore"
            let recipe = folder.appending(path: "recipe.yaml")
            try """
            output_dir: run
            model: {path: \(checkpoint.path)}
            data:
              folders: [\(data)/mmeb-train/WordNet_def2word]
              images: \(Repository.exampleImages.path)
              max_length: 64
              prompts: {query: "q: {text}"}
            objective: {temperature: 0.05}
            batch: {size: 8}
            optimizer: {learning_rate: 1.0e-2}
            schedule: {kind: constant, total_steps: 4}
            evaluation: {every_steps: 2, \(benchmark): \(sets), subsets: [\(subset)]\(nano)}
            runtime: {device: cpu, dtype: float32, threads: 1}
            """.write(to: recipe, atomically: true, encoding: .utf8)
            let trained = try BuiltProgram.run(["finetune", "--config", recipe.path], in: folder)
            #expect(trained.status == 0, "\(trained.errors)")
            let evaluated = try BuiltProgram.run(
                [
                    "evaluate", benchmark, "--model", "run/model", "--threads", "1", "--data",
                    sets, "--subsets", subset, "--output", "scores", "--max-length", "64",
                ] + (isNano ? ["--nano"] : []), in: folder)
            #expect(evaluated.status == 0, "\(evaluated.errors)")
            func scores(_ path: String) throws -> NSDictionary {
                let file = folder.appending(path: path)
                let tree = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
                return try #require((tree as? [String: Any])?["sets"] as? NSDictionary)
            }
            let (last, first) = (
                try scores("run/evaluation/step-4/scores.json"),
                try scores("run/evaluation/step-2/scores.json")
            )
            #expect(try scores("scores/scores.json") == last)
            #expect(first.count == 1)
            let count = (last[subset] as? NSDictionary)?["num_queries"] as? Int
            #expect(isNano ? count == 50 : count != 50)
            // The vectors, which are as large as the sets, do not stay.
            #expect(
                !FileManager.default.fileExists(
                    atPath: folder.appending(path: "run/evaluation/step-4/cache").path))
        }
    }
}
