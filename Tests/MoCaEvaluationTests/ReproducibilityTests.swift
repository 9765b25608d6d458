import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaSettings
import Synchronization
import Testing
@testable import MoCaEvaluation

/// Equal settings, equal bits; other batches, the same up to 1e-5.
struct ReproducibilityTests {
    private static let nano = BenchmarkFolder.fixtures
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "models/nano")
    private static let words = [
        "ship", "train", "violet", "mountain", "a long text about nothing", "x", "1234", "rain",
    ]

    private let folder: BenchmarkFolder

    init() throws {
        folder = try BenchmarkFolder()
        // Long enough for several windows of embedding; every fourth candidate is in both sets.
        for set in ["A", "B"] {
            try folder.write(
                (0..<8).map { row in
                    [
                        "qry_text": "Find in \(set): \(Self.text(row, 4))\n",
                        "tgt_text": (0..<6).map {
                            Self.text(row * 7 + $0, $0 == 3 ? 15 : 3 * $0 + (set == "A" ? 1 : 2))
                        } + ["\(set) \(row)"],
                    ]
                }, to: "\(set)/test.jsonl")
        }
    }

    /// Words of about `length`, other ones for each number.
    private static func text(_ number: Int, _ length: Int) -> String {
        (0..<length).map { words[(number + $0 * (number % 5 + 1)) % words.count] }
            .joined(separator: " ")
    }

    private func run(_ output: String, batchTokens: Int? = nil) async throws -> EvaluationRun {
        var options = EmbedderOptions()
        options.batchTokens = batchTokens
        var run = EvaluationRun(
            embedder: try await Embedder(loading: BenchmarkFolder.checkpoint, options: options),
            model: "tiny", data: folder.data, output: folder.url.appending(path: output))
        run.savesVectors = true
        run.windowTokens = 256
        return run
    }

    /// The files that must have equal bits.
    private func bits(_ output: String) throws -> [String: Data] {
        let names = ["A", "B"].flatMap {
            ["\($0)_vectors.safetensors", "\($0)_queries.jsonl", "\($0)_score.json"]
        }
        return Dictionary(
            uniqueKeysWithValues: try (names + ["scores.json"]).map {
                ($0, try Data(contentsOf: folder.url.appending(path: "\(output)/\($0)")))
            })
    }

    /// Runs until a window is asked for the `stop`th time.
    ///
    /// - Returns: whether it was interrupted.
    private func interrupted(_ output: String, at stop: Int) async throws -> Bool {
        var run = try await run(output)
        let calls = Mutex(0)
        run.isInterrupted = {
            calls.withLock { calls in
                calls += 1
                return calls == stop
            }
        }
        do {
            _ = try await run.mmeb()
            return false
        } catch EvaluationError.interrupted {
            return true
        }
    }

    @Test func interruptedAndRepeatedRunsAreEqualBitForBit() async throws {
        let first = try await run("whole").mmeb()
        let whole = try bits("whole")
        _ = try await run("again").mmeb()
        #expect(try bits("again") == whole)
        // Once more after each window, and from vectors of one set alone.
        var stop = 1
        while try await interrupted("stopped-\(stop)", at: stop) {
            let output = "stopped-\(stop)"
            #expect(
                !FileManager.default.fileExists(
                    atPath: folder.url.appending(path: "\(output)/scores.json").path))
            let rest = try await run(output).mmeb()
            #expect(rest.embeddedCount <= first.embeddedCount)
            #expect(try bits(output) == whole)
            stop += 1
        }
        #expect(stop > 4, "there are several windows")
        var part = try await run("part")
        part.subsets = ["B"]
        _ = try await part.mmeb()
        _ = try await run("part").mmeb()
        #expect(try bits("part") == whole)
    }

    /// A process that is killed while a window is written keeps some of its rows.
    @Test func aWindowThatIsHalfThereIsComputedWhole() async throws {
        _ = try await run("whole").mmeb()
        let whole = try bits("whole")
        let cache = folder.url.appending(path: "whole/cache")
        let name = try FileManager.default.contentsOfDirectory(atPath: cache.path)[0]
        let keys = cache.appending(path: "\(name)/keys.bin")
        let all = try Data(contentsOf: keys)
        for kept in [1, 9, 40] {
            try all.prefix(32 * kept).write(to: keys)
            _ = try await run("whole").mmeb()
            #expect(try bits("whole") == whole)
        }
    }

    @Test func whatChangedIsNotUsedAgain() async throws {
        _ = try await run("one").mmeb()
        var other = try await run("one", batchTokens: 333)
        #expect(try await other.mmeb().embeddedCount > 0)
        other.model = "another checkpoint at the same path"
        #expect(try await other.mmeb().embeddedCount > 0)
        #expect(try await other.mmeb().embeddedCount == 0)
        let settings = try await other.mmeb().scores.settings
        #expect(
            settings["batch_tokens"] == .integer(333) && settings["dtype"] == .string("float32"))
        for key in [
            "program", "libtorch", "device", "threads", "attention", "pooling", "normalize",
            "dimensions", "min_pixels", "max_pixels", "fingerprint", "prompts_digest", "data",
        ] {
            #expect(settings[key] != nil, "\(key)")
        }
    }

    @Test func damagedVectorsAreRefused() async throws {
        let run = try await run("one")
        _ = try await run.mmeb()
        let cache = folder.url.appending(path: "one/cache")
        let name = try FileManager.default.contentsOfDirectory(atPath: cache.path)[0]
        let file = cache.appending(path: "\(name)/vectors.bin")
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        do {
            _ = try await run.mmeb()
            Issue.record("a changed vector was scored")
        } catch let error as any UserFacingError {
            #expect(error.oneLine.contains("is not what was kept"))
        }
    }

    /// What `QueryOutcome.Stability.margin` says.
    @Test(arguments: [BenchmarkFolder.checkpoint, nano])
    func otherBatchesAndOrdersMoveASimilarityLittle(_ model: URL) async throws {
        let picture = BenchmarkFolder.fixtures.appending(path: "image/files/rgb_56x84.png")
        let contents =
            (0..<16).map { Content.text(Self.text($0, 1 + $0 * 3)) }
            + [.image(picture), Content([.image(.file(picture)), .text("a picture")])]
        let plain = try await vectors(contents, model, batchTokens: 1024)
        for batchTokens in [1, 300, 16_384] {
            let other = try await vectors(contents, model, batchTokens: batchTokens)
            let turned = Array(
                try await vectors(contents.reversed(), model, batchTokens: batchTokens)
                    .reversed())
            var most = 0.0
            for row in plain.indices {
                for column in plain.indices {
                    let similarity = plain[row].similarity(to: plain[column])
                    for found in [other, turned] {
                        let moved = found[row].similarity(to: found[column]) - similarity
                        most = max(most, Double(abs(moved)))
                    }
                }
            }
            #expect(most <= Double(QueryOutcome.Stability.margin), "\(batchTokens)")
        }
    }

    private func vectors(
        _ contents: [Content], _ model: URL, batchTokens: Int
    ) async throws -> [Embedding] {
        var options = EmbedderOptions()
        options.batchTokens = batchTokens
        return try await Embedder(loading: model, options: options).embed(contents)
    }
}
