import Foundation
import MoCaCore
import MoCaSettings
import MoCaTestSupport
import Synchronization
import Testing
@testable import MoCaEmbedding
@testable import MoCaVectors

/// Ranks that share only a folder make one output, or end with a clear error.
@Suite struct RankShareTests {
    /// A share that is impatient.
    private func share(
        _ rank: Int, of worldSize: Int = 2, timeout: Duration = .seconds(60),
        grace: Duration = .seconds(60)
    ) -> RankShare {
        var share = RankShare(rank: rank, of: worldSize)
        (share.timeout, share.grace) = (timeout, grace)
        share.interval = .milliseconds(50)
        return share
    }

    /// Runs all ranks at the same time.
    ///
    /// - Returns: the report of rank 0, or the error of each rank that failed.
    private func run(
        _ job: EmbeddingJob, _ shares: [RankShare]
    ) async -> (report: EmbeddingReport?, errors: [Int: any UserFacingError]) {
        await withTaskGroup(of: (Int, Result<EmbeddingReport?, any Error>).self) { group in
            for share in shares {
                group.addTask {
                    do {
                        return (share.rank, .success(try await job.run(as: share)))
                    } catch {
                        return (share.rank, .failure(error))
                    }
                }
            }
            var (report, errors) = (EmbeddingReport?.none, [Int: any UserFacingError]())
            for await (rank, result) in group {
                switch result {
                case .success(let found?):
                    #expect(rank == 0)
                    report = found
                case .success(nil): #expect(rank != 0)
                case .failure(let error): errors[rank] = error as? any UserFacingError
                }
            }
            return (report, errors)
        }
    }

    @Test(arguments: [2, 3])
    func ranksAreOneProcess(count: Int) async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            let whole = try await sharded.whole("whole.npy")
            let (report, errors) = await run(
                sharded.job, (0..<count).map { share($0, of: count) })
            #expect(errors.isEmpty, "\(errors)")
            // The parts are gone.
            #expect(try sharded.files(of: "out.npy") == whole)
            let one = try await sharded.job.run()
            let all = try #require(report)
            #expect(all.items == 60 && all.records == 60 && all.errors == nil)
            #expect(all.textTokens == one.textTokens && all.resumedRecords == 0)
        }
    }

    @Test func progressCoversAllRecords() async throws {
        try await withTemporaryFolder { folder in
            let job = try ShardedJob.texts(in: folder).job
            let done = Mutex(0)
            let (first, second) = (share(0), share(1))
            async let other = job.run(as: second)
            let report = try await job.run(
                as: first, progress: { count in done.withLock { $0 += count } })
            #expect(try await other == nil && report != nil)
            #expect(done.withLock { $0 } == 60)
        }
    }

    /// The record of one rank ends all, and is named by both.
    @Test func aFailureIsPassedOn() async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            let input = folder.appending(path: "in.jsonl")
            var lines = try String(contentsOf: input, encoding: .utf8).split(separator: "\n")
            lines[12] = "{\"text\": \"\"}"
            try lines.joined(separator: "\n").write(to: input, atomically: true, encoding: .utf8)
            let (report, errors) = await run(
                sharded.job, [share(0, grace: .milliseconds(300)), share(1)])
            #expect(report == nil)
            #expect(errors[1]?.kind == .badData)
            let reason = try #require(errors[1]?.oneLine)
            let part = sharded.part(1, of: 2).path
            #expect(
                errors[0]?.oneLine
                    == VectorError.rankFailed(rank: 1, folder: part, reason: reason).oneLine)
        }
    }

    @Test func aRankThatIsNotThereIsLost() async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            let whole = try await sharded.whole("whole.npy")
            for rank in [0, 1] {
                let share = share(rank, timeout: .milliseconds(400))
                let error = await failure { _ = try await sharded.job.run(as: share) }
                #expect(
                    error?.oneLine
                        == VectorError.rankLost(
                            rank: 1 - rank, folder: sharded.part(1 - rank, of: 2).path, seconds: 0
                        ).oneLine)
                #expect(error?.kind == .unavailable)
                #expect(!FileManager.default.fileExists(atPath: sharded.job.output.path))
            }
            // Both shares were complete, and are found again.
            let (report, errors) = await run(sharded.job, [share(0), share(1)])
            #expect(errors.isEmpty, "\(errors)")
            #expect(report?.items == 60)
            #expect(try sharded.files(of: "out.npy") == whole)
        }
    }

    /// Rank 0 alone is started again, after the other one has answered and ended.
    @Test func aRankThatHasEndedIsTakenAtItsWord() async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            let whole = try await sharded.whole("whole.npy")
            _ = try await sharded.shard(1, of: 2).run()
            var sign = RankSign(subject: nil)
            sign.state = .finished
            sign.seen = "a process that is gone"
            let file = sharded.part(1, of: 2).appending(path: RankSign.fileName)
            try JSONFormat.document.data(sign).write(to: file)
            let report = try await sharded.job.run(as: share(0, grace: .milliseconds(300)))
            #expect(report?.items == 60)
            #expect(try sharded.files(of: "out.npy") == whole)
        }
    }

    /// What is left of another run is replaced, unless the user said that it must be continued.
    @Test func sharesOfOtherSettingsAreReplaced() async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            let whole = try await sharded.whole("whole.npy")
            var other = sharded
            other.job.options.pooling = .last
            try await other.embedShards(2)
            var strict = sharded.job
            strict.resumes = true
            let (_, errors) = await run(strict, [share(0), share(1)])
            #expect(errors.count == 2 && errors[1]?.kind == .badConfiguration)
            let (report, others) = await run(sharded.job, [share(0), share(1)])
            #expect(others.isEmpty && report?.items == 60, "\(others)")
            #expect(try sharded.files(of: "out.npy") == whole)
        }
    }

    @Test func ranksDivideAShard() async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            let whole = try await sharded.whole("whole.npy")
            for index in 0..<2 {
                for rank in 0..<2 {
                    let report = try await sharded.shard(index, of: 2).run(as: share(rank))
                    #expect((report == nil) == (rank == 1))
                }
            }
            let report = try sharded.merge("merged.npy")
            #expect(report.parts == 4)
            #expect(try sharded.files(of: "merged.npy") == whole)
        }
    }

    @Test func waitingCanBeInterrupted() async throws {
        try await withTemporaryFolder { folder in
            let sharded = try ShardedJob.texts(in: folder)
            let waits = Mutex([String]())
            var first = share(0)
            first.onWait = { text in waits.withLock { $0.append(text) } }
            let share = first
            let error = await failure {
                _ = try await sharded.job.run(
                    as: share, isInterrupted: { waits.withLock { !$0.isEmpty } })
            }
            #expect(waits.withLock { $0 } == ["waiting for rank 1"])
            #expect(error?.kind == .interrupted)
            #expect(try VectorPart(sharded.part(0, of: 2)).completion != nil)
        }
    }
}
