import Foundation
import MoCaCore
import MoCaTestSupport
import Synchronization
import Testing
@testable import MoCaEmbedding
@testable import MoCaVectors

@Suite struct ResumeTests {
    /// Sixty short records: several windows when batches are small.
    private static func input(in folder: URL) throws -> URL {
        let input = folder.appending(path: "in.jsonl")
        let lines = (0..<60).map { "{\"id\": \"\($0)\", \"text\": \"record number \($0)\"}" }
        try lines.joined(separator: "\n").write(to: input, atomically: true, encoding: .utf8)
        return input
    }

    /// Runs until one window is kept and a part of the next is computed.
    private static func interrupt(_ job: EmbeddingJob) async throws {
        let done = Mutex(0)
        let enough = 40
        do {
            _ = try await job.run(
                progress: { count in done.withLock { $0 += count } },
                isInterrupted: { done.withLock { $0 } >= enough })
            Issue.record("the run was not interrupted")
        } catch VectorError.interrupted(_, let kept) {
            #expect(kept > 0 && kept < enough)
            // A batch is one record here, and none is computed after the interruption.
            #expect(done.withLock { $0 } == enough)
        }
    }

    private static func smallBatches(_ options: inout EmbedderOptions) {
        options.batchTokens = 2
    }

    @Test func goesOnWithEqualBits() async throws {
        try await withTemporaryFolder { folder in
            let input = try Self.input(in: folder)
            let (whole, parts) = (folder.appending(path: "a.npy"), folder.appending(path: "b.npy"))
            _ = try await job(input, whole, Self.smallBatches).run()
            var run = job(input, parts, Self.smallBatches)
            try await Self.interrupt(run)
            #expect(!FileManager.default.fileExists(atPath: parts.path))
            run.resumes = true
            let report = try await run.run()
            #expect(report.resumedRecords > 0 && report.items == 60)
            #expect(try Data(contentsOf: whole) == Data(contentsOf: parts))
        }
    }

    @Test func halfWrittenWindowIsCut() async throws {
        try await withTemporaryFolder { folder in
            let input = try Self.input(in: folder)
            let output = folder.appending(path: "a.npy")
            var run = job(input, output, Self.smallBatches)
            _ = try await run.run()
            let expected = try Data(contentsOf: output)
            try await Self.interrupt(run)
            let progress = output.appendingPathExtension("progress")
            for (name, rest) in [
                ("records.jsonl", "{\"entry\":{\"id\""), ("vectors.bin", "abc"), ("keys.bin", "d"),
            ] {
                let file = try FileHandle(forWritingTo: progress.appending(path: name))
                try file.seekToEnd()
                try file.write(contentsOf: Data(rest.utf8))
                try file.close()
            }
            run.resumes = true
            _ = try await run.run()
            #expect(try Data(contentsOf: output) == expected)
        }
    }

    /// A killed run may leave a whole window in the store without its commit.
    @Test func aWindowWithoutItsCommitIsComputedAgain() async throws {
        try await withTemporaryFolder { folder in
            let input = try Self.input(in: folder)
            let output = folder.appending(path: "a.npy")
            var run = job(input, output, Self.smallBatches)
            _ = try await run.run()
            let expected = try Data(contentsOf: output)
            try await Self.interrupt(run)
            let progress = output.appendingPathExtension("progress")
            for (name, count) in [("vectors.bin", 2 * 32 * 4), ("keys.bin", 2 * 32)] {
                var bytes = try Data(contentsOf: progress.appending(path: name))
                bytes.append(contentsOf: [UInt8](repeating: 7, count: count))
                try bytes.write(to: progress.appending(path: name))
            }
            run.resumes = true
            _ = try await run.run()
            #expect(try Data(contentsOf: output) == expected)
        }
    }

    /// Progress of a version without keys cannot be continued, and is left as it is.
    @Test func progressOfAnotherVersionIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let output = folder.appending(path: "a.npy")
            var run = job(try Self.input(in: folder), output, Self.smallBatches)
            try await Self.interrupt(run)
            let progress = output.appendingPathExtension("progress")
            let settings = progress.appending(path: "settings.json")
            let old = try String(contentsOf: settings, encoding: .utf8)
                .replacingOccurrences(of: "\"format\" : 2,", with: "")
                .replacingOccurrences(of: ",\n  \"format\" : 2", with: "")
            try old.write(to: settings, atomically: true, encoding: .utf8)
            let vectors = try Data(contentsOf: progress.appending(path: "vectors.bin"))
            run.resumes = true
            let expected = VectorError.damagedProgress(
                file: settings.path, reason: "another version of this program wrote it")
            await #expect {
                try await run.run()
            } throws: {
                ($0 as? VectorError)?.oneLine == expected.oneLine
            }
            #expect(try Data(contentsOf: progress.appending(path: "vectors.bin")) == vectors)
        }
    }

    /// A vector that was changed on disk does not reach the output.
    @Test func aChangedVectorIsRefused() async throws {
        try await withTemporaryFolder { folder in
            let output = folder.appending(path: "a.npy")
            var run = job(try Self.input(in: folder), output, Self.smallBatches)
            try await Self.interrupt(run)
            let file = output.appendingPathExtension("progress").appending(path: "vectors.bin")
            var bytes = try Data(contentsOf: file)
            bytes[5] ^= 1
            try bytes.write(to: file)
            run.resumes = true
            let expected = VectorError.damagedProgress(
                file: file.path, reason: "row 0 is not what was kept")
            await #expect {
                try await run.run()
            } throws: {
                ($0 as? VectorError)?.oneLine == expected.oneLine
            }
            #expect(!FileManager.default.fileExists(atPath: output.path))
        }
    }

    @Test func otherSettingsAndRecordsAreRefused() async throws {
        try await withTemporaryFolder { folder in
            let input = try Self.input(in: folder)
            let output = folder.appending(path: "a.npy")
            var run = job(input, output, Self.smallBatches)
            try await Self.interrupt(run)
            run.resumes = true
            var other = run
            other.options.pooling = .last
            let progress = output.path + ".progress"
            await #expect {
                try await other.run()
            } throws: { error in
                (error as? VectorError)?.errorDescription
                    == "run cannot be continued (\(progress)): it was started with another pooling"
            }
            try "{\"text\": \"another\"}\n".write(to: input, atomically: true, encoding: .utf8)
            await #expect {
                try await run.run()
            } throws: { error in
                (error as? VectorError)?.kind == .badConfiguration
            }
            // Without --resume the run starts anew.
            run.resumes = false
            #expect(try await run.run().items == 1)
        }
    }
}
