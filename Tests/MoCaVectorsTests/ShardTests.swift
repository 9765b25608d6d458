import Foundation
import MoCaCore
import MoCaSystem
import MoCaTestSupport
import Synchronization
import Testing
@testable import MoCaEmbedding
@testable import MoCaVectors

/// Parts of several processes become what one process writes.
@Suite struct ShardTests {
    @Test(arguments: [1, 2, 3, 9])
    func shardsOfTextsAreOneProcess(count: Int) async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            try await sharded.embedShards(count)
            let completion = try #require(try VectorPart(sharded.part(0, of: count)).completion)
            #expect(completion.input.windows > 3 && completion.input.records == 60)
            for ending in ["npy", "jsonl", "parquet", "safetensors"] {
                let whole = try await sharded.whole("whole.\(ending)")
                let report = try sharded.merge("merged.\(ending)")
                #expect(try sharded.files(of: "merged.\(ending)") == whole, "\(ending)")
                #expect(report.items == 60 && report.records == 60 && report.parts == count)
                #expect(report.errors == nil && report.notes.isEmpty)
            }
        }
    }

    @Test func shardsOfPicturesAreOneProcess() async throws {
        try await withTemporaryFolder { folder in
            let sharded = ShardedJob.pictures(in: folder)
            try await sharded.embedShards(4)
            let whole = try await sharded.whole("whole.npy")
            try sharded.merge("merged.npy")
            #expect(try sharded.files(of: "merged.npy") == whole)
        }
    }

    @Test func severalVectorsOfARecordStayTogether() async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.severalVectors(in: folder)
            try await sharded.embedShards(2)
            let whole = try await sharded.whole("whole.safetensors")
            try sharded.merge("merged.safetensors")
            #expect(try sharded.files(of: "merged.safetensors") == whole)
            let error = await failure { try sharded.merge("merged.npy") }
            #expect(error?.kind == .cannotCreateOutput)
        }
    }

    /// More shards than windows, and no record at all.
    @Test func shardsMayBeEmpty() async throws {
        try await withTemporaryFolder { folder in
            var sharded = try ShardedJob.texts(in: folder)
            sharded.job.windowTokens = 100_000
            try await sharded.embedShards(3)
            let whole = try await sharded.whole("whole.npy")
            try sharded.merge("merged.npy")
            #expect(try sharded.files(of: "merged.npy") == whole)
            let nothing = folder.appending(path: "nothing.jsonl")
            try Data().write(to: nothing)
            sharded.job.input = .file(nothing)
            try await sharded.embedShards(3)
            let empty = try await sharded.whole("empty.npy")
            try sharded.merge("none.npy")
            #expect(try sharded.files(of: "none.npy") == empty)
        }
    }

    @Test func recordsThatFailAreListedInTheirOrder() async throws {
        try await withTemporaryFolder { folder in
            var sharded = try ShardedJob.texts(in: folder)
            let input = folder.appending(path: "in.jsonl")
            var lines = try String(contentsOf: input, encoding: .utf8).split(separator: "\n")
            for place in [50, 20, 5] {
                lines.insert("{\"id\": \"bad\", \"text\": \"\"}", at: place)
            }
            lines.insert("no json", at: 33)
            try lines.joined(separator: "\n").write(to: input, atomically: true, encoding: .utf8)
            sharded.job.badRecords = .skip
            try await sharded.embedShards(2)
            let whole = try await sharded.whole("whole.npy")
            let report = try sharded.merge("merged.npy")
            #expect(try sharded.files(of: "merged.npy") == whole)
            #expect(whole.keys.contains(".errors.jsonl"))
            #expect(report.items == 60 && report.records == 64)
            #expect(report.errors == folder.appending(path: "merged.npy.errors.jsonl").path)
        }
    }

    // MARK: Interruptions

    /// Runs until some windows are kept.
    private func interrupt(_ job: EmbeddingJob) async throws {
        let done = Mutex(0)
        let error = await failure {
            _ = try await job.run(
                progress: { count in done.withLock { $0 += count } },
                isInterrupted: { done.withLock { $0 } >= 40 })
        }
        guard case .interrupted(_, let kept)? = error else {
            Issue.record("the run was not interrupted")
            return
        }
        #expect(kept > 0)
    }

    @Test func anInterruptedShardGoesOn() async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            try await sharded.embedShards(2)
            let whole = try await sharded.whole("whole.npy")
            var shard = sharded.shard(0, of: 2)
            try await interrupt(shard)
            let incomplete = await failure { try sharded.merge("merged.npy") }
            let error = VectorError.incompleteParts(paths: [sharded.part(0, of: 2).path])
            #expect(incomplete?.oneLine == error.oneLine)
            #expect(try sharded.files(of: "merged.npy").isEmpty)
            shard.resumes = true
            let report = try await shard.run()
            #expect(report.resumedRecords > 0 && report.resumedRecords < report.records)
            try sharded.merge("merged.npy")
            #expect(try sharded.files(of: "merged.npy") == whole)
            // A complete shard is only checked.
            let again = try await shard.run()
            #expect(again.resumedRecords == report.records && again.textTokens == 0)
            try sharded.merge("again.npy")
            #expect(try sharded.files(of: "again.npy") == whole)
        }
    }

    @Test func otherRecordsAreNotGoneOnWith() async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            var shard = sharded.shard(1, of: 2)
            _ = try await shard.run()
            shard.resumes = true
            let handle = try FileHandle(forWritingTo: folder.appending(path: "in.jsonl"))
            try handle.seekToEnd()
            try handle.write(contentsOf: Data("\n{\"text\": \"one more\"}\n".utf8))
            try handle.close()
            let error = await failure { _ = try await shard.run() }
            #expect(error?.kind == .badConfiguration)
            guard case .otherRecords? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            // Windows of another size would be other windows.
            shard.windowTokens = 50
            let other = await failure { _ = try await shard.run() }
            #expect(other?.oneLine.contains("another batch-tokens") == true)
            shard.resumes = false
            #expect(try await shard.run().resumedRecords == 0)
        }
    }

    @Test func aPartIsOfOneProcess() async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            let shard = sharded.shard(0, of: 2)
            _ = try await shard.run()
            let part = sharded.part(0, of: 2)
            let held = try GrowingFile(part.appending(path: "keys.bin"))
            try held.lock()
            let error = await failure { _ = try await shard.run() }
            #expect(error?.oneLine == VectorError.inUse(folder: part.path).oneLine)
            #expect(try VectorPart(part).completion != nil)
        }
    }

    @Test func standardInputIsNotShared() async throws {
        try await withTemporaryFolder { folder in
            var shard = try ShardedJob.texts(in: folder).shard(0, of: 2)
            shard.input = .standardInput
            let job = shard
            let error = await failure { _ = try await job.run() }
            #expect(error?.oneLine == VectorError.sharedStream.oneLine)
        }
    }

    @Test func shardsAreCountedFromZero() {
        #expect(WindowShard(text: "0/1") == WindowShard(index: 0, of: 1))
        #expect(WindowShard(text: "7/8") == WindowShard(index: 7, of: 8))
        for text in ["8/8", "-1/8", "1", "1/", "/2", "a/2", "0/0", "1/2/3", "0/1000001", ""] {
            #expect(WindowShard(text: text) == nil, "\(text)")
        }
        let shards = (0..<3).map { WindowShard(index: $0, of: 3) }
        for window in 0..<10 {
            #expect(shards.filter { $0.contains(window: window) }.count == 1)
        }
        let parts = (0..<2).flatMap { rank in
            shards.map { $0.divided(rank: rank, of: 2) }
        }
        #expect(Set(parts) == Set((0..<6).map { WindowShard(index: $0, of: 6) }))
        #expect(WindowShard.isPart(name: "a.npy.part-0-of-2", of: "a.npy"))
        for name in ["a.npy.b.part-0-of-2", "a.npy.part-0-of-2.removed", "b.npy.part-0-of-2"] {
            #expect(!WindowShard.isPart(name: name, of: "a.npy"), "\(name)")
        }
    }
}
