import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaSettings
import MoCaVectors
import Synchronization
import Testing
@testable import MoCaEvaluation

/// MMEB end to end, on sets that a test writes.
struct MMEBRunTests {
    private static let pictures = ["rgb_56x84.png", "jpeg_420.jpg", "gif.gif", "webp_lossy.webp"]
    private static let images = BenchmarkFolder.fixtures.appending(path: "image/files")
    private static let words = [
        "ship", "train", "violet", "mountain", "a long text about nothing", "x", "1234", "été",
    ]

    private let folder: BenchmarkFolder

    init() throws {
        folder = try BenchmarkFolder()
        try folder.write(Self.textSet, to: "Texts/test.jsonl")
        try folder.write(Self.pictureSet, to: "Pictures/test.jsonl")
    }

    /// Text queries, each with five texts.
    private static var textSet: [[String: any Sendable]] {
        words.indices.map { index in
            [
                "qry_text": "Find: \(words[index])\n", "qry_img_path": "",
                "tgt_text": (0..<5).map { words[(index + 3 * $0) % words.count] },
                "tgt_img_path": [String](repeating: "", count: 5),
            ]
        }
    }

    /// Queries of text and of text with picture, each with four pictures.
    private static var pictureSet: [[String: any Sendable]] {
        (0..<8).map { index -> [String: any Sendable] in
            let hasPicture = index >= 4
            let paths = (0..<4).map { pictures[(index + $0) % 4] }
            return [
                "qry_text": hasPicture ? "<|image_1|>\nThe same: " : "Find: \(words[index])\n",
                "qry_img_path": hasPicture ? pictures[index - 4] : "",
                "tgt_text": [String](repeating: "<|image_1|>\nRepresent the image.", count: 4),
                "tgt_img_path": paths,
            ]
        }
    }

    /// What the texts and pictures of both sets are, each once.
    private static var distinctInputs: Set<[String]> {
        var found: Set<[String]> = []
        for record in textSet + pictureSet {
            found.insert([record["qry_text"] as! String, record["qry_img_path"] as! String])
            for pair in zip(record["tgt_text"] as! [String], record["tgt_img_path"] as! [String]) {
                found.insert([pair.0, pair.1])
            }
        }
        return found
    }

    private static func content(_ text: String, _ picture: String) -> Content {
        guard !picture.isEmpty else { return .text(text) }
        let rest = text.replacing("<|image_1|>", with: "")
        return Content([.image(.file(images.appending(path: picture))), .text(rest)])
    }

    /// The right answers that a loop over single embeddings counts.
    private func plainCount(_ set: [[String: any Sendable]]) async throws -> Int {
        let plain = PlainScores(embedder: try await Embedder(loading: BenchmarkFolder.checkpoint))
        var count = 0
        for record in set {
            let query = Self.content(
                record["qry_text"] as! String, record["qry_img_path"] as! String)
            let candidates = zip(
                record["tgt_text"] as! [String], record["tgt_img_path"] as! [String]
            ).map(Self.content)
            let scores = try await plain(query, candidates)
            // No decision hangs on rounding.
            let best = scores.dropFirst().max() ?? 0
            #expect(abs(scores[0] - best) > 1e-5)
            count += scores[0] > best ? 1 : 0
        }
        return count
    }

    private func run() async throws -> EvaluationRun {
        var run = try await folder.run()
        run.images = Self.images
        return run
    }

    @Test func scoresAreThoseOfAPlainLoop() async throws {
        var run = try await run()
        run.savesVectors = true
        let report = try await run.mmeb()
        for (name, set) in [("Texts", Self.textSet), ("Pictures", Self.pictureSet)] {
            guard case .precision(let score)? = report.scores.sets[name] else {
                Issue.record("no precision of \(name)")
                continue
            }
            let expected = try await plainCount(set)
            #expect(score.correctCount == expected && score.queryCount == set.count)
            #expect(abs((score.chance ?? 0) - (name == "Texts" ? 0.2 : 0.25)) < 1e-12)
            let file = try folder.json("\(name)_score.json")
            #expect(file["num_correct"] as? Int == expected)
            #expect(file["num_pred"] as? Int == set.count)
            #expect(file["acc"] as? Double == Double(expected) / Double(set.count))
            let vectors = folder.output.appending(path: "\(name)_vectors.safetensors")
            #expect(FileManager.default.fileExists(atPath: vectors.path))
        }
        // Each distinct pair once, over both sets.
        #expect(report.embeddedCount == Self.distinctInputs.count)
        #expect(
            try Scores(contentsOf: folder.output.appending(path: "scores.json")) == report.scores)
        #expect(report.scores.groups["mean"]?.sets == ["Pictures", "Texts"])
        #expect(Set(report.scores.data.keys) == ["Pictures", "Texts"])
    }

    @Test func aSecondRunEmbedsNothing() async throws {
        let first = try await run().mmeb()
        let second = try await run().mmeb()
        #expect(first.embeddedCount > 0 && second.embeddedCount == 0)
        #expect(first.scores == second.scores)
        var only = try await run()
        only.subsets = ["Pictures"]
        #expect(try await only.mmeb().scores.sets.keys.sorted() == ["Pictures"])
        only.subsets = ["Pictures", "Nothing"]
        let missing = only
        let error = EvaluationError.setMissing(
            name: "Nothing", folder: folder.data.path, known: ["Pictures", "Texts"])
        await #expect(throws: error) { try await missing.mmeb() }
    }

    @Test func anInterruptedRunGoesOn() async throws {
        var interrupted = try await run()
        let calls = Mutex(0)
        interrupted.isInterrupted = {
            calls.withLock { calls in
                calls += 1
                return calls == 2
            }
        }
        let stopped = interrupted
        await #expect(throws: EvaluationError.self) { try await stopped.mmeb() }
        #expect(!FileManager.default.fileExists(atPath: folder.output.path + "/scores.json"))
        // A killed run leaves half a row, or a vector without its key.
        for name in ["vectors.bin", "keys.bin"] {
            let file = try folder.cache.appending(path: name)
            var bytes = try Data(contentsOf: file)
            bytes.append(contentsOf: [UInt8](repeating: 7, count: name == "keys.bin" ? 9 : 130))
            try bytes.write(to: file)
        }
        let resumed = try await run().mmeb()
        #expect((1..<Self.distinctInputs.count).contains(resumed.embeddedCount))
        try FileManager.default.removeItem(at: folder.output)
        let whole = try await run().mmeb()
        #expect(whole.embeddedCount == Self.distinctInputs.count)
        #expect(whole.scores == resumed.scores)
    }

    @Test func aTieIsAMiss() async throws {
        try folder.write(
            [
                ["qry_text": "a", "tgt_text": ["a", "zebra", "a"]],
                ["qry_text": "a", "tgt_text": ["a", "zebra"]],
            ], to: "Ties/test.jsonl")
        var run = try await run()
        run.subsets = ["Ties"]
        let report = try await run.mmeb()
        guard case .precision(let score)? = report.scores.sets["Ties"] else {
            Issue.record("no precision")
            return
        }
        #expect(score.correctCount == 2 && score.queryCount == 2)
        #expect(abs((score.chance ?? 0) - 7.0 / 12) < 1e-12)
        #expect(score.duplicateOfRightCount == 1)
        #expect((score.stability?.tied, score.stability?.withTies) == (0, 0))
    }

    /// The same queries whatever the order of the rows, and their first candidates.
    @Test func aPartDoesNotDependOnTheOrderOfRows() async throws {
        var run = try await run()
        run.subsets = ["Texts"]
        run.part = EvaluationPart(queryCount: 3, candidateCount: 2)
        let one = try await run.mmeb()
        try folder.write(Self.textSet.reversed(), to: "Texts/test.jsonl")
        run.output = folder.url.appending(path: "reversed")
        let two = try await run.mmeb()
        #expect(one.scores.sets == two.scores.sets && one.embeddedCount == two.embeddedCount)
        guard case .precision(let score)? = one.scores.sets["Texts"] else {
            Issue.record("no precision")
            return
        }
        #expect(score.queryCount == 3 && score.chance == 0.5)
        // At most a query and two candidates of each.
        #expect(one.embeddedCount <= 9)
        #expect(Set(one.scores.groups.keys) == ["mean"])
        #expect(
            one.scores.settings["part"]
                == .object([
                    "max_queries": .integer(3), "max_candidates": .integer(2), "seed": .integer(0),
                ]))
    }

    /// A part that is larger than the set is the set, with the averages of whole sets.
    @Test func aPartThatLeavesNothingOutIsNone() async throws {
        var run = try await run()
        run.subsets = ["Texts"]
        let whole = try await run.mmeb().scores
        run.part = .nano
        #expect(try await run.mmeb().scores == whole)
        #expect(whole.settings["part"] == nil && whole.partReason == nil)
        run.part = EvaluationPart(candidateCount: 1)
        #expect(try await run.mmeb().scores.settings["part"] != nil)
    }

    @Test func promptsOfTheModelAreUsed() async throws {
        let model = folder.url.appending(path: "model")
        try FileManager.default.copyItem(at: BenchmarkFolder.checkpoint, to: model)
        try Data(#"{"prompts": {"query": "Q: {text}", "document": "D: {text}"}}"#.utf8)
            .write(to: model.appending(path: "moca.json"))
        var run = try await folder.run(model: model)
        run.images = Self.images
        run.subsets = ["Texts"]
        let report = try await run.mmeb()
        let plain = PlainScores(embedder: run.embedder)
        var count = 0
        for record in Self.textSet {
            let scores = try await plain(
                .text(record["qry_text"] as! String),
                (record["tgt_text"] as! [String]).map { .text($0) }, as: (.query, .document))
            count += scores.dropFirst().allSatisfy { $0 < scores[0] } ? 1 : 0
        }
        guard case .precision(let score)? = report.scores.sets["Texts"] else {
            Issue.record("no precision")
            return
        }
        #expect(score.correctCount == count)
    }

    @Test func videosAreRefusedBeforeAnythingIsEmbedded() async throws {
        try folder.write([["qry_text": "a", "tgt_text": ["b"]]], to: "UCF101/test.jsonl")
        let run = try await run()
        await #expect(
            throws: EvaluationError.setRefused(
                name: "UCF101", reason: "it is a set of videos")
        ) { try await run.mmeb() }
        #expect(!FileManager.default.fileExists(atPath: folder.output.path))
    }

    @Test func textsWithoutTheirInstructionsAreRefused() async throws {
        try folder.write(
            [["qry_inst": "Find:", "qry_text": "a", "tgt_text": ["b"]]], to: "Apart/test.jsonl")
        var run = try await run()
        run.subsets = ["Apart"]
        do {
            _ = try await run.mmeb()
            Issue.record("a text without its instruction was scored")
        } catch let error as EvaluationError {
            #expect(error.oneLine.contains("Apart") && error.oneLine.contains("qry_inst"))
        }
    }

    @Test func badInputsAreNamed() async throws {
        try folder.write(
            [["qry_text": "a", "tgt_text": ["b", ""], "tgt_img_path": ["", "broken.png"]]],
            to: "Broken/test.jsonl")
        try Data("no picture".utf8).write(to: folder.data.appending(path: "broken.png"))
        var run = try await folder.run()
        run.subsets = ["Broken"]
        do {
            _ = try await run.mmeb()
            Issue.record("a broken picture was scored")
        } catch let error as VectorError {
            #expect(error.oneLine.contains("Broken#0, candidate 1"))
            #expect(error.oneLine.contains("broken.png"))
        }
    }

    /// The weights of the final norm become NaN.
    @Test func aNaNIsAnErrorThatNamesTheQuery() async throws {
        let model = folder.url.appending(path: "model")
        try FileManager.default.copyItem(at: BenchmarkFolder.checkpoint, to: model)
        for shard in 1...2 {
            let file = model.appending(path: "model-0000\(shard)-of-00002.safetensors")
            var bytes = try Data(contentsOf: file)
            let length = bytes.prefix(8).enumerated().reduce(0) { $0 | Int($1.1) << (8 * $1.0) }
            let header = try JSONSerialization.jsonObject(with: bytes[8..<8 + length])
            let tensors = try #require(header as? [String: Any])
            for (name, value) in tensors where name.hasSuffix("language_model.norm.weight") {
                let offsets = (value as? [String: Any])?["data_offsets"] as? [Int] ?? []
                for place in stride(from: offsets[0], to: offsets[1], by: 2) {
                    bytes[8 + length + place] = 0xc0
                    bytes[8 + length + place + 1] = 0x7f
                }
                try bytes.write(to: file)
            }
        }
        var run = try await folder.run(model: model)
        run.images = Self.images
        run.subsets = ["Texts"]
        do {
            _ = try await run.mmeb()
            Issue.record("NaN was scored")
        } catch let error as VectorError {
            #expect(error.oneLine.contains("Texts#"))
            #expect(error.oneLine.contains("not finite"))
        }
    }
}
