import Foundation
import MoCaCore
import MoCaProcessing
import MoCaTestSupport
import MoCaVectors
import Synchronization
import Testing
@testable import MoCaEmbedding

@Suite struct EmbeddingJobTests {
    @Test func optionsBeyondAnyMachineAreRefused() async {
        for set: @Sendable (inout EmbedderOptions) -> Void in [
            { $0.batchTokens = .max }, { $0.batchTokens = 0 }, { $0.threads = 0 },
            { $0.threads = 3_000_000_000 }, { $0.maxPixels = .max },
        ] {
            var options = EmbedderOptions()
            set(&options)
            let chosen = options
            await #expect(throws: EmbeddingError.self) {
                _ = try await Embedder(loading: checkpoint, options: chosen)
            }
        }
    }

    @Test func aMisspeltRoleIsRefused() async throws {
        let embedder = try await Embedder(loading: checkpoint)
        await #expect(throws: ProcessingError.self) {
            try await embedder.embed([.text("a")], as: Role(rawValue: "qurey"))
        }
    }

    /// A right float32 implementation lands within 3e-7; a wrong epsilon moves by 9e-5.
    static let tolerance: Float = 1e-5

    @Test(arguments: [
        ("embedding.mean", PoolingMode.mean, AttentionMode.bidirectional),
        ("embedding.last", .last, .bidirectional), ("embedding.causal_last", .last, .causal),
    ])
    func equalsTransformers(name: String, pooling: PoolingMode, attention: AttentionMode)
        async throws
    {
        try await withTemporaryFolder { folder in
            let output = folder.appending(path: "out.npy")
            let report = try await job(records, output) {
                $0.pooling = pooling
                $0.attention = attention
            }.run()
            let difference = try largestDifference(
                numPyVectors(output), goldenVectors(name))
            #expect(difference <= Self.tolerance)
            #expect(report.items == 5 && report.records == 5 && report.errors == nil)
            #expect(report.textTokens > 0 && report.imageTokens > 0)
            #expect(report.totalSeconds >= report.computeSeconds)
            let ids = try JSONDecoder().decode(
                [String].self, from: Data(contentsOf: output.appendingPathExtension("ids.json")))
            #expect(ids == (0..<5).map { "item-\($0)" })
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(names.sorted() == ["out.npy", "out.npy.ids.json"])
        }
    }

    @Test func batchesDoNotMatter() async throws {
        try await withTemporaryFolder { folder in
            let (one, many) = (folder.appending(path: "1.npy"), folder.appending(path: "2.npy"))
            _ = try await job(records, one) { $0.batchTokens = 1 }.run()
            _ = try await job(records, many) { $0.batchTokens = 100_000 }.run()
            let lines = try String(contentsOf: records, encoding: .utf8).split(separator: "\n")
            let backwards = folder.appending(path: "backwards.jsonl")
            try lines.reversed().joined(separator: "\n")
                .write(to: backwards, atomically: true, encoding: .utf8)
            let three = folder.appending(path: "3.npy")
            _ = try await job(backwards, three).run()
            let expected = try numPyVectors(one)
            #expect(try largestDifference(expected, numPyVectors(many)) <= 1e-6)
            #expect(try largestDifference(expected.reversed(), numPyVectors(three)) <= 1e-6)
        }
    }

    @Test func dimensionsAndLengths() async throws {
        try await withTemporaryFolder { folder in
            let output = folder.appending(path: "out.npy")
            _ = try await job(records, output) { $0.dimensions = 8 }.run()
            let cut = try numPyVectors(output, width: 8)
            let expected = try goldenVectors("embedding.mean").map { vector -> [Float] in
                let head = vector.prefix(8)
                let length = head.reduce(0) { $0 + $1 * $1 }.squareRoot()
                return head.map { $0 / length }
            }
            #expect(largestDifference(cut, expected) <= Self.tolerance)
            _ = try await job(records, output) { $0.isNormalized = false }.run()
            let long = try numPyVectors(output)[0]
            #expect(abs(long.reduce(0) { $0 + $1 * $1 } - 1) > 0.01)
        }
    }

    @Test func badRecordsAreLeftOut() async throws {
        try await withTemporaryFolder { folder in
            let input = folder.appending(path: "in.jsonl")
            try """
            {"id": "good", "text": "a"}
            {"id": "stray", "text": "<|image_pad|>"}
            {"text": ""}
            {"id": "lost", "images": ["nowhere.png"]}
            not json
            {"id": "broken", "images": ["data:image/png;base64,iVBORw0KGgoAAAA="]}
            {"id": "last", "text": "b"}
            """.write(to: input, atomically: true, encoding: .utf8)
            let output = folder.appending(path: "out.npy")
            var run = job(input, output)
            run.badRecords = .skip
            let report = try await run.run()
            #expect(report.items == 2 && report.records == 7)
            let list = try #require(report.errors)
            let lines = try String(contentsOfFile: list, encoding: .utf8).split(separator: "\n")
            #expect(lines.count == 5)
            for (number, line) in zip([2, 3, 4, 5, 6], lines) {
                #expect(line.contains("in.jsonl, line \(number)"))
            }
            #expect(try numPyVectors(output).count == 2)
            run.badRecords = .stop
            await #expect {
                try await run.run()
            } throws: { error in
                (error as? any UserFacingError)?.oneLine.contains("line 2") == true
            }
        }
    }

    @Test func emptyInput() async throws {
        try await withTemporaryFolder { folder in
            let input = folder.appending(path: "in.jsonl")
            try Data().write(to: input)
            for ending in ["npy", "jsonl", "parquet", "safetensors"] {
                let output = folder.appending(path: "out.\(ending)")
                let report = try await job(input, output).run()
                #expect(report.items == 0)
                #expect(FileManager.default.fileExists(atPath: output.path))
            }
        }
    }
}
