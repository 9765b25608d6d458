import Foundation
import MoCaTestSupport
import Testing

/// `moca index` and `moca search` from a working folder, and the orientation of photographs.
@Suite struct IndexCommandTests {
    private static let model = ["--model", checkpoint.path, "--threads", "1"]

    private struct Answer: Decodable {
        struct Result: Decodable {
            var id: String
            var path: String
            var score: Float
        }
        var results: [Result]
    }

    private func search(_ arguments: [String], in folder: URL) throws -> [Answer.Result] {
        let result = try BuiltProgram.run(
            ["search", "--index", "index", "--threads", "1", "--json"] + arguments, in: folder)
        #expect(result.status == 0, "\(result.errors)")
        return try JSONDecoder().decode(Answer.self, from: Data(result.output.utf8)).results
    }

    private func put(_ data: Data, _ path: String, in folder: URL) throws {
        let file = folder.appending(path: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: file)
    }

    @Test func idsAreRelativeToWhatWasGiven() throws {
        try withTemporaryFolder { folder in
            try put(Data("words about ships".utf8), "one/note.txt", in: folder)
            try put(Data("words about trains".utf8), "two/note.txt", in: folder)
            let result = try BuiltProgram.run(
                ["index"] + Self.model + ["--index", "index", "./one/", "two"], in: folder)
            #expect(result.status == 0, "\(result.errors)")
            let found = try search(["ships"], in: folder)
            #expect(Set(found.map(\.id)) == ["one/note.txt#1", "two/note.txt#1"])
            #expect(found.allSatisfy { FileManager.default.fileExists(atPath: $0.path) })
        }
    }

    /// A photograph that was turned, and one that was stored upright, are one picture for an index
    /// made with `--orient exif`; the query is treated as the index was made.
    @Test func photographsAreTurnedOnRequest() throws {
        try withTemporaryFolder { folder in
            let plain = try Data(contentsOf: fixtures.appending(path: "image/files/jpeg_420.jpg"))
            try put(OrientedImage.jpeg(plain, orientation: 6), "photos/a.jpg", in: folder)
            try put(plain, "photos/b.jpg", in: folder)
            for (option, isTurned) in [([], false), (["--orient", "exif"], true)] {
                let result = try BuiltProgram.run(
                    ["index"] + Self.model + ["--index", "index", "photos"] + option, in: folder)
                #expect(result.status == 0, "\(result.errors)")
                let found = try search(["--image", "photos/a.jpg"], in: folder)
                #expect(found[0].id == "a.jpg" && found[0].score > 0.9999)
                #expect((found[1].score < 0.999) == isTurned)
                try FileManager.default.removeItem(at: folder.appending(path: "index"))
            }
            let wrong = try BuiltProgram.run(
                ["embed"] + Self.model + ["--orient", "up", "--output", "a.npy", "photos/a.jpg"],
                in: folder)
            #expect(wrong.status == 64)
        }
    }

    /// A second run needs neither model nor settings; one that differs is named.
    @Test func modelAndSettingsAreThoseOfTheIndex() throws {
        try withTemporaryFolder { folder in
            try put(Data("words about ships".utf8), "notes/a.txt", in: folder)
            func index(_ arguments: String...) throws -> RunResult {
                try BuiltProgram.run(
                    ["index", "--index", "index", "--threads", "1"] + arguments,
                    environment: ["MOCA_MODEL": "/nowhere"], in: folder)
            }
            let options = ["--pooling", "last", "--max-length", "40", "--passage-length", "50"]
            let made = try BuiltProgram.run(
                ["index"] + Self.model + ["--index", "index", "notes"] + options, in: folder)
            #expect(made.status == 0, "\(made.errors)")
            try put(Data("words about trains".utf8), "notes/b.txt", in: folder)
            let again = try index()
            #expect(again.status == 0, "\(again.errors)")
            #expect(again.output == "2 items of 2 files; embedded 1, removed 0 files\n")
            #expect(try index("--pooling", "last", "--model", checkpoint.path).status == 0)
            for (option, difference) in [
                (["--pooling", "mean"], "pooling last (this run gives mean)"),
                (["--dimensions", "8"], "dimensions of the model (this run gives 8)"),
                (["--passage-length", "60"], "passage-length 50 (this run gives 60)"),
            ] {
                let other = try index(option[0], option[1])
                #expect(other.status == 78)
                #expect(other.errors.contains("it was made with \(difference); "))
            }
        }
    }

    @Test func aFolderThatIsGoneIsWarnedAbout() throws {
        try withTemporaryFolder { folder in
            for path in ["one/a.txt", "two/b.txt", "two/c.txt"] {
                try put(Data("words of \(path)".utf8), path, in: folder)
            }
            let made = try BuiltProgram.run(
                ["index"] + Self.model + ["--index", "index", "one", "two"], in: folder)
            #expect(made.status == 0, "\(made.errors)")
            try FileManager.default.removeItem(at: folder.appending(path: "two"))
            for lost in ["2 files of it left the index", "nothing of it is in the index"] {
                let again = try BuiltProgram.run(["index", "--index", "index"], in: folder)
                #expect(again.status == 0, "\(again.errors)")
                #expect(again.output.hasPrefix("1 item of 1 file; "))
                #expect(again.errors.contains("warning: path is missing ("))
                #expect(again.errors.contains("/two): ") && again.errors.contains(lost))
            }
        }
    }
}

/// Late interaction, as a user runs it.
@Suite struct LateInteractionCommandTests {
    private static let model = [
        "--model", fixtures.appending(path: "families/colqwen2_5").path, "--threads", "1",
    ]

    private func json(_ arguments: [String], in folder: URL) throws -> [String: Any] {
        let result = try BuiltProgram.run(arguments, in: folder)
        #expect(result.status == 0, "\(result.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(result.output.utf8))
        return try #require(object as? [String: Any])
    }

    @Test func indexSearchAndSimilarityAgree() throws {
        try withTemporaryFolder { folder in
            for name in ["rgb_56x84.png", "jpeg_420.jpg"] {
                try FileManager.default.copyItem(
                    at: fixtures.appending(path: "image/files/\(name)"),
                    to: folder.appending(path: name))
            }
            _ = try json(
                ["index", "--index", "index", "rgb_56x84.png", "jpeg_420.jpg", "--json"]
                    + Self.model, in: folder)
            let found = try json(
                ["search", "--index", "index", "--threads", "1", "--json", "a chart"], in: folder)
            let results = try #require(found["results"] as? [[String: Any]])
            let table = try json(
                [
                    "similarity", "--query", "a chart", "--target-image", "rgb_56x84.png",
                    "jpeg_420.jpg", "--json",
                ] + Self.model, in: folder)
            let row = try #require((table["similarity"] as? [[Double]])?.first)
            for (name, expected) in zip(["rgb_56x84.png", "jpeg_420.jpg"], row) {
                let hit = try #require(results.first { $0["id"] as? String == name })
                #expect(abs((hit["score"] as? Double ?? 0) - expected) < 1e-4)
            }
            let scores = try json(
                [
                    "evaluate", "vidore", "--data", fixtures.appending(path: "data/vidore").path,
                    "--output", "scores", "--json",
                ] + Self.model, in: folder)
            let set = (scores["sets"] as? [String: [String: Any]])?["vidore"]
            #expect(set?["num_queries"] as? Int == 2)
        }
    }

    @Test func anInstructionIsRefusedByName() throws {
        try withTemporaryFolder { folder in
            for command in [
                ["similarity", "--query", "a", "--target", "b"],
                ["index", "--index", "index", "."],
                [
                    "evaluate", "vidore", "--data", fixtures.appending(path: "data/vidore").path,
                    "--output", "scores",
                ],
            ] {
                let result = try BuiltProgram.run(
                    command + ["--instruction", "Find it"] + Self.model, in: folder)
                #expect(result.status == 78)
                #expect(result.errors.contains("(embedder 'colqwen2_5')"))
            }
        }
    }

    @Test func publishedSimilaritiesOfOtherModelsAreNotKnown() throws {
        try withTemporaryFolder { folder in
            let result = try BuiltProgram.run(
                ["model", "verify", "--published"] + Self.model, in: folder)
            #expect(result.status == 78)
            #expect(result.errors.contains("Qwen/Qwen3-VL-Embedding-2B"))
        }
    }
}
