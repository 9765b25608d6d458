import Foundation
import MoCaCore
import MoCaTestSupport
import Testing
@testable import MoCaEmbedding
@testable import MoCaVectors

/// Parts that do not belong together are refused, by name.
@Suite struct VectorMergeTests {
    /// Merges, and expects that nothing is written.
    private func refusal(_ sharded: ShardedJob, _ parts: [URL]? = nil) async throws -> String {
        let merge = VectorMerge(
            parts: try parts ?? VectorMerge(output: sharded.job.output).folders(),
            output: sharded.folder.appending(path: "merged.npy"))
        let error = await failure { _ = try merge.run() }
        #expect(try sharded.files(of: "merged.npy").isEmpty)
        return error?.oneLine ?? ""
    }

    @Test func partsAreFoundBesideTheOutputAndInFolders() async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            try await sharded.embedShards(2)
            let whole = try await sharded.whole("whole.npy")
            let parts = [sharded.part(1, of: 2), sharded.part(0, of: 2)]
            for given in [[], parts, [folder]] {
                _ = try VectorMerge(parts: given, output: sharded.job.output).run()
                #expect(
                    try Data(contentsOf: sharded.job.output) == whole[""], "\(given.count)")
            }
            var last = VectorMerge(output: sharded.job.output)
            last.removesParts = true
            _ = try last.run()
            #expect(try sharded.files(of: "out.npy").keys.sorted() == ["", ".ids.json"])
            let none = await failure { _ = try last.run() }
            #expect(none?.oneLine == VectorError.noParts(path: sharded.job.output.path).oneLine)
            for wrong in [folder, folder.appending(path: "nowhere")] {
                let error = await failure {
                    _ = try VectorMerge(parts: [wrong], output: sharded.job.output).run()
                }
                #expect(error?.kind == .inputMissing)
            }
        }
    }

    @Test func missingAndDoubledPartsAreNamed() async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            for index in [0, 2] { _ = try await sharded.shard(index, of: 4).run() }
            #expect(
                try await refusal(sharded)
                    == VectorError.missingParts(folder: folder.path, shards: [1, 3], count: 4)
                    .oneLine)
            for index in [1, 3] { _ = try await sharded.shard(index, of: 4).run() }
            let copy = folder.appending(path: "copy.part-2-of-4")
            try FileManager.default.copyItem(at: sharded.part(2, of: 4), to: copy)
            let doubled = VectorError.doubledPart(
                shard: "2/4", first: sharded.part(2, of: 4).path, second: copy.path)
            let parts = (0..<4).map { sharded.part($0, of: 4) }
            #expect(try await refusal(sharded, parts + [copy]) == doubled.oneLine)
            try FileManager.default.removeItem(at: copy)
            // Parts of other numbers of shards are beside the output.
            try await sharded.embedShards(1)
            #expect(try await refusal(sharded).contains("number of shards"))
        }
    }

    @Test(arguments: ["pooling", "model", "input"])
    func anotherShardIsNamed(_ difference: String) async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            _ = try await sharded.shard(0, of: 2).run()
            var other = sharded.shard(1, of: 2)
            switch difference {
            case "pooling": other.options.pooling = .last
            case "model": other.model = Repository.fixtures.appending(path: "model/checkpoint")
            default:
                let input = folder.appending(path: "in.jsonl")
                let text = try String(contentsOf: input, encoding: .utf8)
                    .replacingOccurrences(of: "r7", with: "r8")
                try text.write(to: input, atomically: true, encoding: .utf8)
            }
            _ = try await other.run()
            let error = try await refusal(sharded)
            #expect(error.contains("they are of another \(difference)"), "\(error)")
            for index in 0..<2 { #expect(error.contains(sharded.part(index, of: 2).path)) }
        }
    }

    @Test(arguments: [
        ("vectors.bin", 5), ("vectors.bin", -5), ("keys.bin", 20), ("records.jsonl", 11),
        ("records.jsonl", -12), ("complete.json", 0), ("settings.json", 0),
    ])
    func aChangedByteIsFound(_ file: String, _ place: Int) async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            try await sharded.embedShards(2)
            try sharded.change(file, ofPart: 1, of: 2, at: place)
            let error = try await refusal(sharded)
            #expect(
                error.hasPrefix("part is damaged (\(sharded.part(1, of: 2).path)): "), "\(error)")
        }
    }

    @Test(arguments: ["vectors.bin", "keys.bin", "records.jsonl"])
    func aShortFileIsFound(_ file: String) async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            try await sharded.embedShards(2)
            let url = sharded.part(0, of: 2).appending(path: file)
            let bytes = try Data(contentsOf: url)
            try bytes.prefix(bytes.count / 2).write(to: url)
            #expect(try await refusal(sharded).hasPrefix("part is damaged ("))
        }
    }

    @Test func anInterruptedMergeWritesNothing() async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            try await sharded.embedShards(2)
            var calls = 0
            let error = await failure {
                _ = try VectorMerge(output: sharded.job.output).run(isInterrupted: {
                    calls += 1
                    return calls == 3
                })
            }
            #expect(error?.kind == .interrupted)
            #expect(!FileManager.default.fileExists(atPath: sharded.job.output.path))
        }
    }

    /// Other threads only change rounding, which the user should know of.
    @Test func roundingIsNoted() async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            try await sharded.embedShards(2)
            let file = sharded.part(1, of: 2).appending(path: "settings.json")
            let text = try String(contentsOf: file, encoding: .utf8)
                .replacing(/"threads" : [0-9]+/, with: "\"threads\" : 77")
            try text.write(to: file, atomically: true, encoding: .utf8)
            let report = try sharded.merge("merged.npy")
            #expect(report.notes.count == 1 && report.notes[0].contains("(threads)"))
        }
    }
}
