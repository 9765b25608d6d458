import Foundation
import MoCaCore
import MoCaTestSupport
import Testing

/// `moca report` and `moca reconstruct`, as a user runs them.
@Suite struct ReportCommandTests {
    private static let page = fixtures.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "examples/demo/pages/debmake-doc_en_p0143.jpg")
    /// Has the heads of pre-training.
    private static let trained = fixtures.appending(path: "model/checkpoint")

    private func write(_ text: String, to file: URL) throws -> String {
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try text.write(to: file, atomically: true, encoding: .utf8)
        return file.path
    }

    private func run(_ name: String, losses: [String], in folder: URL) throws -> String {
        let run = folder.appending(path: name)
        let lines = losses.enumerated().map { "{\"step\": \($0 + 1), \($1)}\n" }
        _ = try write(lines.joined(), to: run.appending(path: "metrics.jsonl"))
        return run.path
    }

    private func html(_ arguments: [String], in folder: URL) throws -> String {
        let file = folder.appending(path: "page.html")
        let result = try BuiltProgram.run(
            ["report"] + arguments + ["--output", file.path], in: folder)
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == file.path + "\n" && result.errors.isEmpty)
        return try String(contentsOf: file, encoding: .utf8)
    }

    private static let scores = """
        {"sets": {"Clip_t2i": {"num_correct": 9, "num_queries": 20, "precision_at_1": 0.45,
        "chance": {"precision_at_1": 0.05}}}, "groups": {}, "settings": {}}
        """

    @Test func everythingOnOnePage() throws {
        try withTemporaryFolder { folder in
            let stages = [
                try run(
                    "one", losses: ["\"loss\": 9, \"mlm_loss\": 8, \"mae_loss\": 2"], in: folder),
                try run("two", losses: ["\"loss\": 5", "\"loss\": 4"], in: folder),
            ]
            let file = try write(Self.scores, to: folder.appending(path: "scores.json"))
            let answer = """
                {"query": "a <page>", "results": [{"path": "\(Self.page.path)", "kind": "image", \
                "score": 0.5, "excerpt": "", "id": "x"}]}
                """
            let wrapped =
                "{\"note\": \"en\", \"right\": [\"\(Self.page.path)\"], \"documents\": 7, "
                + "\"search\": \(answer)}"
            let searches = try write(
                "\(answer)\n\(wrapped)\n", to: folder.appending(path: "s.jsonl"))
            let masked = folder.appending(path: "masked").path
            let result = try BuiltProgram.run([
                "reconstruct", "--model", Self.trained.path, "--output", masked, Self.page.path,
            ])
            #expect(result.status == 0, "\(result.errors)")
            let page = try html(
                stages + [
                    "--scores", "first=\(file)", "--scores", "second=\(file)", "--searches",
                    searches, "--reconstructions", masked, "--title", "T & T",
                ], in: folder)
            for text in [
                "T &amp; T", "a &lt;page&gt;", "Text to image", "45.0", "second", "masked text",
                "Contrastive fine-tuning", "First right answer at rank 1 of 7",
                "No right answer among the best 1", "patches masked",
            ] {
                #expect(page.contains(text), "\(text)")
            }
            // Two thumbnails of one page, three panels; and nothing from elsewhere.
            #expect(page.components(separatedBy: "src=\"data:image/").count == 6)
            #expect(!page.contains("src=\"http") && !page.contains("<script"))
        }
    }

    @Test func runsOfOneStageAreCompared() throws {
        try withTemporaryFolder { folder in
            let runs = try ["a/run", "b/run"].map {
                try run($0, losses: ["\"loss\": 5", "\"loss\": 4"], in: folder)
            }
            let page = try html(runs, in: folder)
            #expect(page.contains("Contrastive fine-tuning: loss") && page.contains("run (2)"))
            let alone = try BuiltProgram.run(["report", runs[0]])
            #expect(alone.output == "\(runs[0])/report.html\n")
        }
    }

    /// Queries and negatives are shown as the data has them, as long as it is there.
    @Test func hardestNegativesHaveTextsAndPictures() throws {
        try withTemporaryFolder { folder in
            let data = Repository.exampleData
            let copy = folder.appending(path: "data/OpenClipart_t2i")
            try FileManager.default.createDirectory(
                at: copy.deletingLastPathComponent(), withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                at: data.appending(path: "mmeb-train/OpenClipart_t2i"), to: copy)
            let path = try run("one", losses: ["\"loss\": 5", "\"loss\": 4"], in: folder)
            let run = URL(fileURLWithPath: path)
            let bins = [Int](repeating: 1, count: 50)
            _ = try write(
                """
                {"step": 2, "task": "OpenClipart_t2i", "positive": {"mean": 0.6, "bins": \(bins)}, \
                "negative": {"mean": 0.1, "bins": \(bins)}, "hardest": [{"query": \
                "OpenClipart_t2i#1", "owner": "OpenClipart_t2i#2", "negative": 0, "similarity": \
                0.7, "positive": 0.6}]}

                """, to: run.appending(path: "health.jsonl"))
            _ = try write(
                """
                output_dir: \(path)
                model: {path: \(Self.trained.path)}
                data: {folders: [\(copy.path)], images: \(Repository.exampleImages.path)}
                objective: {temperature: 0.03}
                batch: {size: 24}
                optimizer: {learning_rate: 2.0e-5}
                schedule: {total_steps: 2}
                """, to: run.appending(path: "recipe.yaml"))
            let page = try html([path], in: folder)
            for text in [
                "one finished: all 2 steps are done.", "Hardest negatives",
                "OpenClipart_t2i#1, step 2", "First right answer at rank 2",
                "optimizer.learning_rate",
            ] {
                #expect(page.contains(text), "\(text)")
            }
            #expect(page.components(separatedBy: "src=\"data:image/").count == 3)
            try FileManager.default.removeItem(at: copy)
            let result = try BuiltProgram.run(["report", path], in: folder)
            #expect(result.status == 0)
            #expect(result.errors.contains("warning: hardest negatives are not on the page"))
        }
    }

    @Test func faultsAreNamed() throws {
        try withTemporaryFolder { folder in
            let bad = try write("{\"results\": 1}\n", to: folder.appending(path: "bad.jsonl"))
            let none = folder.appending(path: "none").path
            for (arguments, status, text) in [
                ([], 64, "Give a run folder"),
                (["--scores", "=x"], 64, "--scores"),
                ([none], 66, "RUN \(none)"),
                ([folder.path], 66, "cannot read metrics"),
                (["--searches", bad], 66, "moca search --json"),
                (["--reconstructions", folder.path], 66, "reconstructions.json"),
                (["--scores", "x=\(bad)"], 65, "bad.jsonl"),
            ] as [([String], Int32, String)] {
                let result = try BuiltProgram.run(["report"] + arguments, in: folder)
                #expect(result.status == status, "\(arguments): \(result.errors)")
                #expect(result.errors.contains(text), "\(result.errors)")
            }
        }
    }

    /// The trained model with a budget for pictures so large that panels are not enlarged.
    private func modelOfLargePictures(in folder: URL) throws -> URL {
        let model = folder.appending(path: "model")
        try FileManager.default.copyItem(at: Self.trained, to: model)
        let file = model.appending(path: "preprocessor_config.json")
        let settings = try JSONSerialization.jsonObject(with: Data(contentsOf: file))
        var changed = try #require(settings as? [String: Any])
        (changed["min_pixels"], changed["max_pixels"]) = (60_000, 90_000)
        try JSONSerialization.data(withJSONObject: changed).write(to: file)
        return model
    }

    /// A panel without masks is the resized picture itself: made again of it, it is the same.
    @Test func panelsAreThePicture() throws {
        try withTemporaryFolder { folder in
            let model = try modelOfLargePictures(in: folder)
            let names = ["first", "second"].map { folder.appending(path: $0) }
            var source = Self.page.path
            for name in names {
                let result = try BuiltProgram.run([
                    "reconstruct", "--model", model.path, "--output", name.path,
                    "--mae-ratio", "0", source,
                ])
                #expect(result.status == 0, "\(result.errors)")
                source = name.appending(path: "1-original.png").path
            }
            for panel in ["1-original.png", "1-masked.png", "1-reconstructed.png"] {
                #expect(
                    try Data(contentsOf: names[0].appending(path: "1-original.png"))
                        == Data(contentsOf: names[1].appending(path: panel)))
            }
        }
    }

    @Test func reconstructionNeedsHeads() throws {
        try withTemporaryFolder { folder in
            let made = folder.appending(path: "made").path
            let result = try BuiltProgram.run([
                "model", "init", "--config", Self.trained.path + "/config.json", "--tokenizer",
                Self.trained.path, "--output", made,
            ])
            #expect(result.status == 0, "\(result.errors)")
            let refused = try BuiltProgram.run([
                "reconstruct", "--model", made, "--output", folder.path, Self.page.path,
            ])
            #expect(refused.status == 78 && refused.errors.contains("no heads of pre-training"))
        }
    }
}
