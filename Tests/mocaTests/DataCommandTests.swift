import Foundation
import MoCaCore
import MoCaTestSupport
import Testing

/// `moca data mine` and `moca data show`, as a user runs them.
@Suite struct DataCommandTests {
    private static let picture = fixtures.appending(path: "image/files/rgb_56x84.png").path
    private static let trained = fixtures.appending(path: "model/checkpoint").path

    private func write(_ text: String, to path: String, in folder: URL) throws {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    private func writePairs(in folder: URL) throws {
        let words = (0..<24).map {
            "{\"qry\": \"what is \($0)\", \"pos_text\": \"number \($0)\"}\n"
        }
        try write(words.joined(), to: "pairs/words/train.jsonl", in: folder)
        let both = (0..<12).map {
            "{\"qry\": \"picture \($0)\", \"pos_text\": \"caption \($0)\", "
                + "\"pos_image_path\": \"\(Self.picture)\"}\n"
        }
        try write(both.joined(), to: "pairs/both/train.jsonl", in: folder)
    }

    /// A few steps on what was mined.
    private static let recipe = """
        output_dir: run
        model: {path: \(Self.trained)}
        data: {folders: [mined], images: ., max_pixels: 1024, min_pixels: 256}
        objective: {temperature: 0.05, hard_negatives: 2, hard_negative_scope: own}
        batch: {size: 4}
        optimizer: {learning_rate: 1.0e-3}
        schedule: {total_steps: 3}
        checkpoint: {every_steps: 3, keep: 1}
        runtime: {device: cpu, dtype: float32, threads: 1}
        """

    @Test func minedPairsAreTrainedOn() throws {
        try withTemporaryFolder { folder in
            try writePairs(in: folder)
            let arguments = [
                "data", "mine", "--model", Self.trained, "--data", "pairs", "--output", "mined",
                "--negatives", "2", "--relative-margin=-5", "--max-pixels", "1024", "--threads",
                "1",
            ]
            let mined = try BuiltProgram.run(arguments + ["--json"], in: folder)
            #expect(mined.status == 0, "\(mined.errors)")
            let lines = mined.output.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(
                lines[0].contains("\"subset\":\"both\"") && lines[1].contains("\"complete\":24"))
            // The vectors go when the run is complete.
            #expect(
                try FileManager.default.contentsOfDirectory(
                    atPath: folder.appending(path: "mined").path
                ).sorted() == ["both", "words"])
            let again = try BuiltProgram.run(arguments, in: folder)
            #expect(again.status == 73 && again.errors.contains("go on with --resume"))
            let resumed = try BuiltProgram.run(arguments + ["--resume"], in: folder)
            #expect(resumed.status == 0, "\(resumed.errors)")
            #expect(resumed.errors.contains("words: mined before"))
            #expect(resumed.output.contains("words: 48 negatives from 24 documents; of 24 queries"))
            try write(Self.recipe, to: "recipe.yaml", in: folder)
            let trained = try BuiltProgram.run(["finetune", "--config", "recipe.yaml"], in: folder)
            #expect(trained.status == 0, "\(trained.errors)")
            let shown = try BuiltProgram.run(
                ["data", "show", "--recipe", "recipe.yaml", "--count", "4"], in: folder)
            #expect(shown.status == 0 && shown.output == "samples.html\n", "\(shown.errors)")
            let page = try String(
                contentsOf: folder.appending(path: "samples.html"), encoding: .utf8)
            #expect(page.components(separatedBy: ">Negative 2</span>").count == 5)
            #expect(page.contains("rgb_56x84.png: "))
        }
    }

    @Test func samplesOfPretrainingHaveMasks() throws {
        try withTemporaryFolder { folder in
            try write(
                """
                {"text": "A picture of something, said in words.", "images": ["\(Self.picture)"]}
                {"text": "Words alone, and rather many of them."}
                {"text": "Not there", "images": ["absent.png"]}

                """, to: "pages/train.jsonl", in: folder)
            let result = try BuiltProgram.run(
                [
                    "data", "show", "pages", "--model", checkpoint.path, "--output", "p.html",
                    "--seed", "1",
                ], in: folder)
            #expect(result.status == 0 && result.output == "p.html\n")
            #expect(result.errors == "warning: 1 of 3 samples cannot be used\n")
            let page = try String(contentsOf: folder.appending(path: "p.html"), encoding: .utf8)
            #expect(page.contains("class=\"chip masked"))
            #expect(page.contains("missing image (") && page.contains("absent.png"))
            #expect(page.contains("0.4 of text tokens, 0.5 of image tokens"))
            #expect(page.contains("&lt;|vision_start|&gt;"))
        }
    }

    @Test(
        arguments: [
            (
                ["data", "mine", "--data", "absent", "--output", "o"], 66,
                "input is missing (--data absent)"
            ),
            (
                ["data", "mine", "--data", ".", "--output", "o", "--no-normalize"], 64,
                "--no-normalize"
            ),
            (["data", "show"], 64, "Give either --recipe RECIPE.yaml or folders."),
            (["data", "show", "absent"], 66, "input is missing (FOLDER absent)"),
            (["data", "show", ".", "--model", "absent"], 66, "input is missing (--model absent)"),
        ] as [([String], Int32, String)])
    func badArguments(_ arguments: [String], _ status: Int32, _ text: String) throws {
        try withTemporaryFolder { folder in
            let result = try BuiltProgram.run(arguments, in: folder)
            #expect(result.status == status)
            #expect(result.errors.contains(text), "\(result.errors)")
        }
    }

    @Test func rangesWithoutCandidatesAreRefused() throws {
        try withTemporaryFolder { folder in
            try writePairs(in: folder)
            let result = try BuiltProgram.run(
                [
                    "data", "mine", "--model", Self.trained, "--data", "pairs", "--output", "o",
                    "--range-min", "3", "--range-max", "4",
                ], in: folder)
            #expect(result.status == 78)
            #expect(
                result.errors == "error: setting cannot be used (range-max): it is 4, allowed is "
                    + "at least range-min + negatives = 6; set it within the range\n")
        }
    }
}
