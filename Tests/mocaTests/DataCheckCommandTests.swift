import Foundation
import MoCaTestSupport
import Testing

/// `moca data check` and `moca data stats`, as a user runs them.
@Suite struct DataCheckCommandTests {
    private static let recipes = fixtures.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "recipes")

    private func object(_ text: String) throws -> [String: Any] {
        let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
        return try #require(object as? [String: Any])
    }

    private func write(_ lines: [String], _ name: String, in folder: URL) throws {
        let subset = folder.appending(path: name)
        try FileManager.default.createDirectory(at: subset, withIntermediateDirectories: true)
        try Data(lines.joined(separator: "\n").utf8)
            .write(to: subset.appending(path: "train.jsonl"))
    }

    @Test func theStatusSaysWhetherTrainingMayStart() throws {
        try withTemporaryFolder { folder in
            let sound = (0..<20).map { #"{"qry": "question \#($0)", "pos_text": "answer \#($0)"}"# }
            try write(sound, "sound", in: folder)
            try write(sound + [#"{"qry": "no answer", "pos_text": ""}"#], "broken", in: folder)
            let fine = try BuiltProgram.run(["data", "check", "sound"], in: folder)
            #expect(fine.status == 0 && fine.errors.isEmpty, "\(fine.errors)")
            #expect(fine.output.hasPrefix("20 records in 1 subset, 0 images; 0 records cannot"))

            let arguments = ["data", "check", ".", "--report", "report.json"]
            let refused = try BuiltProgram.run(arguments, in: folder)
            #expect(refused.status == 65)
            #expect(
                refused.errors
                    == "error: data have errors (1 of 41 records): they cannot be trained on; mend "
                    + "them, or leave them out with --quarantine and --max-error-rate\n")
            #expect(refused.output.contains("empty content (error, 1):\n  broken#20 (train.jsonl)"))
            let report = try object(
                String(contentsOf: folder.appending(path: "report.json"), encoding: .utf8))
            #expect((report["findings"] as? [Any])?.count == 1)

            let rest = ["--quarantine", "q.jsonl", "--max-error-rate", "0.05", "--json"]
            let passed = try BuiltProgram.run(arguments + rest, in: folder)
            #expect(passed.status == 0 && passed.errors.isEmpty, "\(passed.errors)")
            #expect(try object(passed.output)["error_records"] as? Int == 1)
            let line = try object(
                String(contentsOf: folder.appending(path: "q.jsonl"), encoding: .utf8))
            #expect(line["subset"] as? String == "broken" && line["row"] as? Int == 20)
            #expect((line["file"] as? String)?.hasSuffix("broken/train.jsonl") == true)
            #expect((line["reason"] as? String)?.hasPrefix("empty content") == true)
        }
    }

    @Test func aRecipeIsReadWhateverItsStage() throws {
        try withTemporaryFolder { folder in
            let arguments = [
                "data", "stats", "--recipe",
                Self.recipes.appending(path: "debug-pretrain.yaml").path,
                "--threads", "2", "--cache", "cache", "--json",
            ]
            let first = try object(BuiltProgram.run(arguments, in: folder).output)
            let total = try #require(first["total"] as? [String: Any])
            #expect(total["records"] as? Int == 6223 && total["failed"] as? Int == 0)
            #expect(total["cached"] as? Bool == false)
            let plan = try #require(first["plan"] as? [String: Any])
            #expect(try #require(plan["fill"] as? Double) > 0.8)
            let again = try object(BuiltProgram.run(arguments, in: folder).output)
            let second = try #require(again["total"] as? [String: Any])
            #expect(second["cached"] as? Bool == true)
            #expect(total["cost"] as? NSDictionary == second["cost"] as? NSDictionary)

            // The other stage: its folders are those of the recipe.
            let text = try String(
                contentsOf: Self.recipes.appending(path: "debug-finetune.yaml"), encoding: .utf8)
            try write([#"{"qry": "a", "pos_text": "b"}"#], "pairs", in: folder)
            let recipe = text.split(separator: "\n", omittingEmptySubsequences: false)
                .filter { !$0.contains("examples/data") && !$0.contains("weights:") }
                .joined(separator: "\n")
                .replacing("  folders:", with: "  folders: [pairs]\n  images: .")
                .replacing("../models", with: Self.recipes.path + "/../models")
            try recipe.write(
                to: folder.appending(path: "r.yaml"), atomically: true, encoding: .utf8)
            let check = try BuiltProgram.run(["data", "check", "--recipe", "r.yaml"], in: folder)
            #expect(check.status == 0, "\(check.errors)")
            #expect(check.output.contains("lengths: none is over 64 tokens"))
            try (recipe + "\nbogus: 1\n").write(
                to: folder.appending(path: "r.yaml"), atomically: true, encoding: .utf8)
            let bad = try BuiltProgram.run(["data", "check", "--recipe", "r.yaml"], in: folder)
            #expect(bad.status == 78 && bad.errors.contains("bogus"))
            #expect(!bad.errors.contains("mlm_ratio"))
        }
    }

    @Test(arguments: [
        (["data", "check"], "Give either --recipe or folders."),
        (["data", "stats", "x"], "Give --model or --recipe"),
        (["data", "check", "x", "--max-error-rate", "2"], "must be in 0...1"),
        (["data", "check", "x", "--near-distance", "64"], "must be in 0...63"),
    ])
    func badOptionsAreRefused(arguments: [String], text: String) throws {
        let result = try BuiltProgram.run(arguments)
        #expect(result.status == 64 && result.errors.contains(text), "\(result.errors)")
    }

    @Test func statisticsAsAPage() throws {
        try withTemporaryFolder { folder in
            let lines = (0..<30).map {
                #"{"text": "\#((0...$0).map(String.init).joined(separator: " "))"}"#
            }
            try write(lines, "a", in: folder)
            try write(Array(lines.prefix(3)), "b", in: folder)
            let arguments = [
                "data", "stats", ".", "--model", checkpoint.path, "--no-cache", "--batch-tokens",
                "100", "--html", "stats.html",
            ]
            let result = try BuiltProgram.run(arguments, in: folder)
            #expect(result.status == 0, "\(result.errors)")
            #expect(result.output.contains("plan of an epoch"))
            let page = try String(contentsOf: folder.appending(path: "stats.html"), encoding: .utf8)
            for text in [
                "Plan of an epoch", "of the token budget used", "tokens of a content",
                "class=\"bar\"",
            ] {
                #expect(page.contains(text), "\(text)")
            }
            #expect(page.contains("<th scope=\"row\">a</th><td class=\"number\">30</td>"))
            #expect(
                !page.contains("http:") && !page.contains("https:") && !page.contains("<script"))
            let wrong = try BuiltProgram.run(
                arguments.dropLast() + ["no/such/page.html"], in: folder)
            #expect(wrong.status == 73 && wrong.errors.contains("no/such/page.html"))
        }
    }
}
