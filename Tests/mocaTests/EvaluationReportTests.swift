import Foundation
import MoCaCore
import MoCaReport
import MoCaTestSupport
import Testing

@testable import moca

/// Reports of evaluations and comparisons, and heat-maps of pairs, as a user runs them.
@Suite struct EvaluationReportTests {
    private static let nano = Repository.root.appending(path: "models/nano").path
    private static let examples = Repository.exampleData

    private func run(_ arguments: [String], in folder: URL) throws -> RunResult {
        let result = try BuiltProgram.run(arguments, in: folder)
        #expect(result.status == 0, "\(arguments): \(result.errors)")
        return result
    }

    private func text(_ path: String, in folder: URL) throws -> String {
        try String(contentsOf: folder.appending(path: path), encoding: .utf8)
    }

    private func pictureCount(_ page: String) -> Int {
        page.components(separatedBy: "src=\"data:image/").count - 1
    }

    private func mmeb(_ output: String, _ more: [String] = []) -> [String] {
        [
            "evaluate", "mmeb", "--model", Self.nano, "--data",
            Self.examples.appending(path: "mmeb-eval").path, "--images",
            Repository.exampleImages.path,
            "--output", output, "--subsets", "OpenClipart_cls",
        ] + more
    }

    @Test func anEvaluationWritesItsReport() throws {
        try withTemporaryFolder { folder in
            let result = try run(mmeb("out"), in: folder)
            #expect(result.errors.contains("report is in") && !result.errors.contains("warning"))
            let page = try text("out/report.html", in: folder)
            for part in [
                "Headline", "mean precision@1", "What hangs on rounding", "OpenClipart_cls",
                "Worst queries", "Confusions", "queries with this right answer",
                "Which tokens made the match", "answered rightly", "answered wrongly",
                "what was right", "precision@1 0.0", "heat warm-4", "Settings", "fingerprint",
            ] {
                #expect(page.contains(part), "\(part)")
            }
            #expect(pictureCount(page) >= 10 && page.utf8.count < 2_000_000)
            #expect(!page.contains("<script") && !page.contains(" style=\""))
            // The sets are not those of any published figure.
            #expect(!page.contains("Published figures"))
            let markdown = try text("out/report.md", in: folder)
            #expect(markdown.contains("## OpenClipart\\_cls\n\n### Worst queries"))
            // From the files alone: the same but for what needs the model.
            let again = try run(["evaluate", "report", "out"], in: folder)
            #expect(again.output.hasSuffix("out/report.html\n"))
            let written = try text("out/report.html", in: folder)
            #expect(written.contains("Confusions") && !written.contains("answered rightly"))
            #expect(pictureCount(written) >= 10)
            let bare = try run(mmeb("bare", ["--no-report"]), in: folder)
            #expect(!bare.errors.contains("report is in"))
            #expect(
                !FileManager.default.fileExists(
                    atPath: folder.appending(path: "bare/report.html").path))
        }
    }

    @Test func pagesHaveLanguagesAndHubs() throws {
        try withTemporaryFolder { folder in
            let data = folder.appending(path: "data")
            try FileManager.default.copyItem(at: Self.examples.appending(path: "vidore"), to: data)
            let arguments = [
                "evaluate", "vidore", "--model", Self.nano, "--data", data.path, "--output", "out",
                "--json",
            ]
            let result = try run(arguments, in: folder)
            #expect(result.output.hasPrefix("{") && result.output.count { $0 == "\n" } == 1)
            let page = try text("out/report.html", in: folder)
            for part in [
                "By language", "debmake_doc, en", "nDCG@5", "recall@100",
                "Documents that draw wrong queries", "below",
            ] {
                #expect(page.contains(part), "\(part)")
            }
            // Without the data the report still is one, and says what it lacks.
            try FileManager.default.removeItem(at: data)
            _ = try run(["evaluate", "report", "out"], in: folder)
            let bare = try text("out/report.html", in: folder)
            #expect(bare.contains("Only ids are shown: sets cannot be read"))
            #expect(pictureCount(bare) == 0)
        }
    }

    @Test func lastTokenPoolingHasNoHeatMap() throws {
        try withTemporaryFolder { folder in
            _ = try run(mmeb("out", ["--pooling", "last"]), in: folder)
            let page = try text("out/report.html", in: folder)
            #expect(page.contains("Not shown: similarity is no sum over tokens"))
            #expect(page.contains("Worst queries"))
        }
    }

    @Test func aComparisonShowsItsExamples() throws {
        try withTemporaryFolder { folder in
            _ = try run(mmeb("a", ["--no-report"]), in: folder)
            _ = try run(mmeb("b", ["--no-report", "--dimensions", "8"]), in: folder)
            let result = try run(
                ["evaluate", "compare", "a", "b", "--html", "c.html", "--markdown", "c.md"],
                in: folder)
            #expect(result.output.contains("OpenClipart_cls"))
            let page = try text("c.html", in: folder)
            for part in [
                "Comparison", "B - A", "B is worse", "first of A", "first of B",
                "Setting fingerprint", " by A, ",
            ] {
                #expect(page.contains(part), "\(part)")
            }
            #expect(pictureCount(page) >= 3)
            #expect(try text("c.md", in: folder).contains("### B is worse"))
            let refused = try BuiltProgram.run(
                ["evaluate", "compare", "a", "b", "--html", "none/c.html"], in: folder)
            #expect(refused.status == 73)
        }
    }

    @Test func picturesBeyondTheAllowanceAreLeftOutAndCounted() throws {
        let pictures = ReportPictures(warn: { _ in })
        let path = Repository.root.appending(path: "examples/demo/pages")
            .appending(path: "debmake-doc_en_p0143.jpg").path
        pictures.begin(allowing: 1 << 20)
        #expect(try pictures.thumbnail(path) != nil)
        let size = (1 << 20) - pictures.allowance
        #expect(size > 100)
        // Each showing counts, also of a picture that was made before.
        pictures.begin(allowing: 2 * size + size / 2)
        let shown = try (0..<4).map { _ in try pictures.thumbnail(path) != nil }
        #expect(shown == [true, true, false, false])
        #expect(pictures.leftOutCount == 2)
    }

    /// Missing sets have the names of the list, those that were scored the names of their folders.
    @Test func anIncompleteGroupStandsBesideTheWholeOne() throws {
        try withTemporaryFolder { folder in
            let score = "{\"num_correct\": 9, \"num_queries\": 20, \"precision_at_1\": 0.45}"
            func write(_ name: String, _ sets: [String], _ group: String) throws {
                let sets = sets.map { "\"\($0)\": \(score)" }.joined(separator: ", ")
                let scores = """
                    {"sets": {\(sets)}, "groups": {"G": {"metric": "precision_at_1", \
                    "source": "the list", \(group)}}}
                    """
                try scores.write(
                    to: folder.appending(path: name), atomically: true, encoding: .utf8)
            }
            try write(
                "whole.json", ["a", "b"], #""mean": 0.45, "sets": ["a", "b"], "missing": []"#)
            try write("part.json", ["a"], #""sets": ["a"], "missing": ["Long name of b"]"#)
            let files = ["--scores", "x=whole.json", "--scores", "y=part.json"]
            _ = try run(["report", "--output", "page.html"] + files, in: folder)
            let page = try text("page.html", in: folder)
            #expect(page.components(separatedBy: "list of sets: the list").count == 2)
            #expect(page.contains("1 of 2 sets missing: Long name of b"))
        }
    }

    /// All `data:` URLs of a record have one name.
    @Test func encodedPicturesAreToldApartByTheirBytes() throws {
        let folder = Repository.root.appending(path: "examples/pictures")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
            .filter { $0.hasSuffix(".jpg") }.prefix(2)
        let sources = try files.map {
            ImageSource.encoded(
                try Data(contentsOf: folder.appending(path: $0)), name: "Set#0, data: URL")
        }
        try #require(sources.count == 2)
        let pictures = ReportPictures(warn: { _ in })
        let shown = try [sources[0], sources[1], sources[0]].map { try pictures.thumbnail($0) }
        #expect(shown[0] != nil && shown[1] != nil)
        #expect(shown[0] != shown[1] && shown[0] == shown[2])
    }

    /// The set is there, and its images or its old rows are not.
    @Test func whatIsNotThereAnyMoreIsSaidOnThePage() throws {
        try withTemporaryFolder { folder in
            let set = folder.appending(path: "data/Set")
            try FileManager.default.createDirectory(at: set, withIntermediateDirectories: true)
            let image = folder.appending(path: "data/page.jpg")
            let page = Repository.root.appending(path: "examples/demo/pages")
                .appending(path: "debmake-doc_en_p0143.jpg")
            try FileManager.default.copyItem(at: page, to: image)
            // The wrong answer repeats the question, so that it wins.
            func write(_ question: String) throws {
                let record = """
                    {"qry_text": "<|image_1|>\\n\(question)", "qry_img_path": "page.jpg", \
                    "tgt_text": ["a ship", "What is it?"], "tgt_img_path": ["", ""]}

                    """
                try record.write(
                    to: set.appending(path: "test.jsonl"), atomically: true, encoding: .utf8)
            }
            try write("What is it?")
            _ = try run(
                ["evaluate", "mmeb", "--model", Self.nano, "--data", "data", "--output", "out"],
                in: folder)
            let whole = try text("out/report.html", in: folder)
            #expect(whole.contains("What is it?") && !whole.contains("Not everything is shown"))
            try FileManager.default.removeItem(at: image)
            _ = try run(["evaluate", "report", "out"], in: folder)
            let bare = try text("out/report.html", in: folder)
            #expect(bare.contains("Not everything is shown: ") && bare.contains("page.jpg"))
            #expect(bare.contains("a ship") && pictureCount(bare) == 0)
            try write("What was it?")
            _ = try run(["evaluate", "report", "out"], in: folder)
            let changed = try text("out/report.html", in: folder)
            #expect(changed.contains("the data has changed since"))
            #expect(!changed.contains("What was it?") && !changed.contains("a ship"))
        }
    }

    @Test func anyPairCanBeLookedAt() throws {
        try withTemporaryFolder { folder in
            let picture = Repository.root.appending(path: "examples/pictures")
            let name = try #require(
                try FileManager.default.contentsOfDirectory(atPath: picture.path).sorted().first {
                    $0.hasSuffix(".png") || $0.hasSuffix(".jpg")
                })
            let result = try run(
                [
                    "similarity", "--model", Self.nano, "--query", "a red bus", "x|<y>", "--target",
                    "a ship", "--target-image", picture.appending(path: name).path, "--heat-map",
                    "pair.html",
                ], in: folder)
            #expect(result.output.contains("a red bus"))
            let page = try text("pair.html", in: folder)
            #expect(page.components(separatedBy: "heat-name").count == 4 + 2)
            #expect(pictureCount(page) == 2 && page.contains("x|&lt;y&gt;"))
            let many = (0..<40).map { "t\($0)" }
            let refused = try BuiltProgram.run(
                ["similarity", "--query", "a", "--target"] + many + ["--heat-map", "p.html"],
                in: folder)
            #expect(refused.status == 64 && refused.errors.contains("at most 36 pairs, not 40"))
            let last = try BuiltProgram.run(
                [
                    "similarity", "--model", Self.nano, "--pooling", "last", "--query", "a",
                    "--target", "b", "--heat-map", "p.html",
                ], in: folder)
            #expect(last.status == 78 && last.errors.contains("no sum over tokens"))
        }
    }
}
