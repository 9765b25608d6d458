import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaVectors
import Testing
@testable import MoCaEvaluation

/// Several ranks embed the inputs of an evaluation; its files are those of one process.
struct RankedEvaluationTests {
    private static let words = [
        "ship", "train", "violet", "mountain", "a long text about nothing", "x", "1234", "rain",
    ]

    private let folder: BenchmarkFolder

    init() throws {
        folder = try BenchmarkFolder()
        for set in ["A", "B"] {
            try folder.write(
                (0..<8).map { row in
                    [
                        "qry_text": "Find in \(set): \(Self.text(row, 4))\n",
                        "tgt_text": (0..<6).map { Self.text(row * 7 + $0, 4 * $0 + 1) },
                    ]
                }, to: "mmeb/\(set)/test.jsonl")
            try folder.write(
                (0..<30).map { ["corpus-id": "d\($0)", "text": Self.text($0, $0 + 1)] },
                to: "retrieval/\(set)/corpus/test.jsonl")
            try folder.write(
                (0..<9).map { ["query-id": "q\($0)", "query": "\(set) \(Self.text($0, 3))"] },
                to: "retrieval/\(set)/queries/test.jsonl")
            try folder.write(
                (0..<9).map { ["query-id": "q\($0)", "corpus-id": "d\($0 * 3)", "score": 1] },
                to: "retrieval/\(set)/qrels/test.jsonl")
        }
    }

    /// Words of about `length`, other ones for each number.
    private static func text(_ number: Int, _ length: Int) -> String {
        (0..<length).map { words[(number + $0 * (number % 5 + 1)) % words.count] }
            .joined(separator: " ")
    }

    private func run(_ benchmark: Benchmark, _ output: String) async throws -> EvaluationRun {
        var run = EvaluationRun(
            embedder: try await Embedder(loading: BenchmarkFolder.checkpoint), model: "tiny",
            data: folder.data.appending(path: benchmark.rawValue),
            output: folder.url.appending(path: output))
        run.savesVectors = true
        run.windowTokens = 128
        return run
    }

    private func share(_ rank: Int, of worldSize: Int = 2) -> RankShare {
        var share = RankShare(rank: rank, of: worldSize)
        share.interval = .milliseconds(50)
        return share
    }

    /// Embeds the shares of two ranks at the same time.
    ///
    /// - Returns: the number of inputs that rank 0 reports.
    private func embed(_ benchmark: Benchmark, _ output: String) async throws -> Int? {
        let (first, second) = (try await run(benchmark, output), try await run(benchmark, output))
        let (one, two) = (share(0), share(1))
        async let other = second.embedShare(two, of: benchmark)
        let count = try await first.embedShare(one, of: benchmark)
        #expect(try await other == nil)
        return count
    }

    /// All files but those of the cache.
    private func files(_ output: String) throws -> [String: Data] {
        let url = folder.url.appending(path: output)
        let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
        return Dictionary(
            uniqueKeysWithValues: try names.filter { $0 != "cache" }.map {
                ($0, try Data(contentsOf: url.appending(path: $0)))
            })
    }

    @Test(arguments: [Benchmark.mmeb, .retrieval])
    func ranksAreOneProcess(_ benchmark: Benchmark) async throws {
        let whole = try await run(benchmark, "whole").scores(of: benchmark)
        let count = try await embed(benchmark, "ranks")
        #expect(count == whole.embeddedCount)
        let cache = folder.url.appending(path: "ranks/cache")
        #expect(try FileManager.default.contentsOfDirectory(atPath: cache.path).count == 1)
        #expect(!FileManager.default.fileExists(atPath: cache.path + "/../scores.json"))
        let report = try await run(benchmark, "ranks").scores(of: benchmark)
        #expect(report.embeddedCount == 0)
        #expect(try files("ranks") == files("whole"))
        // What is in the cache is not embedded again.
        #expect(try await embed(benchmark, "ranks") == 0)
    }

    /// A rank that was stopped goes on, and vectors of another number of ranks are used.
    @Test func whatRanksHaveEmbeddedIsKept() async throws {
        let whole = try await run(.mmeb, "whole").scores(of: .mmeb)
        for rank in [1, 2] {
            var lonely = share(rank, of: 3)
            lonely.timeout = .milliseconds(300)
            let (run, share) = (try await run(.mmeb, "ranks"), lonely)
            await #expect(throws: VectorError.self) {
                try await run.embedShare(share, of: .mmeb)
            }
        }
        let cache = folder.url.appending(path: "ranks/cache")
        let names = try FileManager.default.contentsOfDirectory(atPath: cache.path)
        #expect(names.filter { $0.contains("part-1-of-3") }.count == 2)
        _ = try await embed(.mmeb, "ranks")
        #expect(try FileManager.default.contentsOfDirectory(atPath: cache.path).count == 1)
        let report = try await run(.mmeb, "ranks").scores(of: .mmeb)
        #expect(report.embeddedCount == 0 && whole.embeddedCount > 0)
        #expect(try files("ranks") == files("whole"))
    }

    @Test func ranksWithOtherSettingsAreRefused() async throws {
        var (first, second) = (try await run(.mmeb, "ranks"), try await run(.mmeb, "ranks"))
        first.model = "one"
        second.model = "another"
        let (one, other, rank0, rank1) = (first, second, share(0), share(1))
        async let ended = other.embedShare(rank1, of: .mmeb)
        await #expect {
            try await one.embedShare(rank0, of: .mmeb)
        } throws: { error in
            guard case VectorError.rankDiffers(rank: 1, folder: _) = error else { return false }
            return true
        }
        #expect(try await ended == nil)
    }
}
