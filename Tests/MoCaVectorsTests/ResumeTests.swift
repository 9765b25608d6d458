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

    /// Runs until two windows are kept.
    private static func interrupt(_ job: EmbeddingJob) async throws {
        let asked = Mutex(0)
        do {
            _ = try await job.run(isInterrupted: {
                asked.withLock {
                    $0 += 1; return $0 > 2
                }
            })
            Issue.record("the run was not interrupted")
        } catch VectorError.interrupted(_, let kept) {
            #expect(kept > 0 && kept < 60)
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
            for (name, rest) in [("records.jsonl", "{\"entry\":{\"id\""), ("vectors.bin", "abc")] {
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
