import Foundation
import MoCaRunLog
import MoCaTestSupport
import MoCaTraining
import Testing

@testable import MoCaReport

/// Run folders as sections of a page.
@Suite struct RunSectionsTests {
    private static let picture = Data(
        base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
            + "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")!

    private static func health(_ step: Int, _ task: String, falseRate: Double = 0) -> String {
        let bins = (0..<50).map { "\($0 == 40 ? 8 : 0)" }.joined(separator: ",")
        return """
            {"step": \(step), "task": "\(task)", "queries": 8, "positive": {"count": 8, \
            "mean": 0.6, "min": 0.5, "max": 0.7, "bins": [\(bins)]}, "negative": {"count": 8, \
            "mean": 0.1, "min": 0, "max": 0.7, "bins": [\(bins)]}, "accuracy": 0.5, \
            "margin": 0.1, "repeated_rate": 0, "false_negative_rate": \(falseRate), \
            "alignment": 0.8, "hardest": [{"query": \
            "\(task)#1", "owner": "\(task)#2", "negative": 0, "similarity": 0.7, "positive": 0.6}]}

            """
    }

    /// Files of a run by name; the last step of `metrics` is 40.
    private func run(
        _ name: String, in folder: URL, key: String = "contrastive_loss",
        stage: Recipe.Stage? = nil, _ files: [String: String]
    ) throws -> RunFolder {
        let run = folder.appending(path: name)
        try FileManager.default.createDirectory(
            at: run.appending(path: "reconstructions"), withIntermediateDirectories: true)
        let metrics = (1...40).map { step in
            """
            {"step": \(step), "loss": \(5 - Double(step) * 0.1), "\(key)": 1, "tokens": \
            \(step * 100), "tokens_per_second": 100, "data_wait_seconds": 0.5, "packing_fill": \
            0.5, "grad_norm": 1, "learning_rate": 0.1, "quarantined": 2, "eval/P@1": \
            \(Double(step) / 100), "peak_memory_bytes": 3e9, "surprise": 4, \
            "subset_losses": {"a": 1, "b": 2}}

            """
        }
        try metrics.joined().write(
            to: run.appending(path: "metrics.jsonl"), atomically: true, encoding: .utf8)
        for (name, text) in files {
            try text.write(to: run.appending(path: name), atomically: true, encoding: .utf8)
        }
        for name in ["original-1", "masked-1", "10-1"] {
            try Self.picture.write(to: run.appending(path: "reconstructions/\(name).png"))
        }
        return try RunFolder(run, stage: stage)
    }

    /// What was logged says less than the recipe: a run may not have logged a loss yet.
    @Test func theRecipeSaysTheStage() throws {
        try withTemporaryFolder { folder in
            let stages = try [
                run("a", in: folder, key: "other", stage: .pretrain, [:]),
                run("b", in: folder, key: "mlm_loss", stage: .finetune, [:]),
                run("c", in: folder, key: "mlm_loss", [:]), run("d", in: folder, [:]),
            ].map(\.stage)
            #expect(stages == [.pretrain, .finetune, .pretrain, .finetune])
        }
    }

    private static let events = """
        {"step": 10, "kind": "resumed", "text": "went on from checkpoint-10"}
        {"step": 12, "kind": "collapse", "text": "queries of a are alike"}
        {"step": 20, "kind": "collapse", "text": "queries of b are alike"}

        """

    @Test func theStoryTellsWhatToLookAt() throws {
        try withTemporaryFolder { folder in
            var run = try run(
                "one", in: folder,
                [
                    "events.jsonl": Self.events + "{\"step\": 30, \"ki",
                    "health.jsonl": Self.health(10, "a", falseRate: 0.5) + Self.health(20, "b"),
                ])
            // Own negatives: 64 documents of the batch's half, and one more.
            run.settings = [
                .init("schedule.total_steps", "50"), .init("batch.size", "128"),
                .init("batch.accumulation", "2"), .init("objective.hard_negatives", "1"),
            ]
            #expect(
                run.story.filter { !$0.isWarning }.map(\.text) == [
                    "one has logged step 40 of 50; it is still running, or was killed.",
                    "Its loss went from 4.9 to 1.15 (mean of the last tenth); the lowest was 1 at "
                        + "step 40. Guessing costs ln 65 = 4.174.",
                    "P@1 is 0.4 at step 40; the highest was 0.4 at step 40.",
                    "It went on from a checkpoint once, at step 10.",
                ])
            #expect(
                run.story.filter(\.isWarning).map(\.text) == [
                    "Embeddings collapsed 2 times, between steps 12 and 20: queries of b are "
                        + "alike.",
                    "Steps waited for their data 50 % of the time: more runtime.data_workers, or a "
                        + "larger runtime.prefetch, may help.",
                    "2 records failed and were left out: see quarantine.jsonl.",
                    "Negatives are far above the positive in a (50 % of queries): they may be "
                        + "right answers.",
                ])
            run.settings = [.init("schedule.total_steps", "40")]
            #expect(run.story[0].text == "one finished: all 40 steps are done.")
        }
    }

    @Test func endsAreToldApart() throws {
        try withTemporaryFolder { folder in
            let stopped = try run(
                "a", in: folder,
                ["events.jsonl": "{\"step\": 41, \"kind\": \"stopped\", \"text\": \"loss nan\"}\n"])
            #expect(stopped.story.last { $0.isWarning && $0.text.contains("loss nan") } != nil)
            let interrupted = try run(
                "b", in: folder, ["events.jsonl": "{\"step\": 40, \"kind\": \"interrupted\"}\n"])
            #expect(
                interrupted.story[0].text
                    == "b was stopped by a signal at step 40, and can go on.")
        }
    }

    @Test func aPageOfOneRunIsWellFormed() throws {
        try withTemporaryFolder { folder in
            var run = try run(
                "one", in: folder,
                [
                    "events.jsonl": Self.events,
                    "health.jsonl": (1...20).map { Self.health($0, "a <b>") }.joined(),
                    "reconstructions.jsonl": """
                    {"step": 10, "picture": 1, "record": "r#1", "original": \
                    "reconstructions/original-1.png", "masked": "reconstructions/masked-1.png", \
                    "reconstructed": "reconstructions/10-1.png", "masked_patches": 8, \
                    "patches": 16, "mse": 0.5, "baseline_mse": 0.7}
                    {"step": 20, "picture": 1, "record": "r#1", "original": \
                    "reconstructions/original-1.png", "masked": "reconstructions/masked-1.png", \
                    "reconstructed": "reconstructions/20-1.png", "masked_patches": 8, \
                    "patches": 16, "mse": 0.4, "baseline_mse": 0.7}

                    """,
                ])
            run.settings = [.init("seed", "1")]
            let group = try #require(RunSections.group([run]).first)
            var asked: [RunSections.RecordSide] = []
            let sections = try group.sections { _, side in
                asked.append(side)
                return ReportContent(text: "\(side.record) \(side.document ?? -1)")
            }
            let titles = sections.map(\.title)
            for title in [
                "Contrastive fine-tuning", "Contrastive fine-tuning, by task",
                "Contrastive fine-tuning: evaluation",
                "Contrastive fine-tuning: speed and memory",
                "Contrastive fine-tuning: other figures", "Contrastive fine-tuning: events",
                "Similarities as training goes", "Health of the embeddings", "Hardest negatives",
                "Masked patches as training goes", "Contrastive fine-tuning: recipe",
            ] {
                #expect(titles.contains(title), "\(title)")
            }
            #expect(
                asked == [
                    .init(record: "a <b>#1", document: nil), .init(record: "a <b>#1", document: 0),
                    .init(record: "a <b>#2", document: 0),
                ])
            let html = Report(title: "t", sections: [group.story] + sections).html()
            let page = try PageReader(html)
            // One histogram a step, at most 8 of the 20, and both kinds in each.
            #expect(page.outline.count { $0.contains("path.positive") } == 8)
            #expect(page.outline.count { $0.contains("line.mark") } == 6)
            for text in ["r#1", "error 0.500", "mean: 0.700", "surprise", "resumed"] {
                #expect(page.texts.contains(text), "\(text)")
            }
            // Where data or pictures are gone, the rest of the page is there.
            let bare = try group.sections { _, _ in nil }
            #expect(!bare.map(\.title).contains("Hardest negatives"))
            try FileManager.default.removeItem(
                at: run.folder.appending(path: "reconstructions"))
            let gone = try group.sections { _, _ in nil }
            #expect(!gone.map(\.title).contains("Masked patches as training goes"))
        }
    }

    @Test func runsAreComparedByStepAndTokensAndRecipe() throws {
        try withTemporaryFolder { folder in
            var runs = try ["a", "b"].map { try run($0, in: folder, key: "mlm_loss", [:]) }
            runs[0].settings = [.init("seed", "1"), .init("batch.tokens", "9")]
            runs[1].settings = [.init("seed", "2"), .init("batch.tokens", "9")]
            let group = try #require(RunSections.group(runs).first)
            let sections = try group.sections { _, _ in nil }
            #expect(group.stage == .pretrain)
            #expect(sections.map(\.title).contains("Continual pre-training: loss over tokens"))
            let compared = try #require(
                sections.first { $0.title == "Continual pre-training: recipes compared" })
            guard let table = compared.block as? ReportTable else {
                Issue.record("no table")
                return
            }
            #expect(table.columns == ["Key", "a", "b"] && table.rows == [["seed", "1", "2"]])
            let page = Report(title: "t", sections: [group.story] + sections).html()
            _ = try PageReader(page)
        }
    }

    @Test func aBadLineIsNamed() throws {
        try withTemporaryFolder { folder in
            #expect(throws: RunLogError.self) {
                try run("a", in: folder, ["events.jsonl": "{\"step\": \"x\"}\n\n"])
            }
        }
    }
}
