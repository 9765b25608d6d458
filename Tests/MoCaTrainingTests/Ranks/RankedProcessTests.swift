// Runs of several processes of the built program: killed, stopped, signalled, and started again.

import Foundation
import MoCaTestSupport
import Testing

@testable import MoCaTraining

@Suite(
    .serialized, .enabled(if: FileManager.default.isExecutableFile(atPath: BuiltProgram.url.path)))
struct RankedProcessTests {
    private func model(_ folder: URL) throws -> Data {
        try Data(contentsOf: folder.appending(path: "model/model.safetensors"))
    }

    @Test(arguments: [[], ["runtime.zero_stage=1"]])
    func aKilledRankEndsTheOthersAndTheRunGoesOn(overrides: [String]) throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            let first = try RankJob(3, RankJob.arguments(.pretrain, folder, output: "a", overrides))
                .finish()
            #expect(first.map(\.status) == [0, 0, 0])
            #expect(first[2].errors.hasPrefix("rank 2 of 3 on "))
            for (victim, lines) in [(0, 4), (1, 8), (2, 12)] {
                let job = try RankJob(
                    3, RankJob.arguments(.pretrain, folder, output: "b", overrides))
                try job.wait(for: lines, in: broken)
                let start = ContinuousClock.now
                job.send(SIGKILL, to: victim)
                let ends = job.finish()
                #expect(ContinuousClock.now - start < .seconds(10))
                #expect(ends[victim].status == 128 + SIGKILL)
                for (rank, end) in ends.enumerated() where rank != victim {
                    #expect(end.status == 69, "\(end.errors)")
                    #expect(end.errors.contains("rank \(victim) on "), "\(end.errors)")
                }
            }
            let last = try RankJob(3, RankJob.arguments(.pretrain, folder, output: "b", overrides))
                .finish()
            #expect(last.map(\.status) == [0, 0, 0])
            #expect(try model(whole) == model(broken))
            #expect(try TrainingFixtures.metrics(whole) == TrainingFixtures.metrics(broken))
        }
    }

    @Test func aSignalToOneRankSavesOnceAndEndsAll() throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            let zero = ["runtime.zero_stage=1"]
            _ = try RankJob(2, RankJob.arguments(.finetune, folder, output: "a", zero)).finish()
            let job = try RankJob(2, RankJob.arguments(.finetune, folder, output: "b", zero))
            try job.wait(for: 5, in: broken)
            job.send(SIGTERM, to: 1)
            let ends = job.finish()
            #expect(ends.map(\.status) == [75, 75])
            let saved = try Checkpoint.all(in: broken)
            #expect(!saved.isEmpty)
            for end in ends { #expect(end.errors.contains("it was saved as")) }
            let last = try RankJob(2, RankJob.arguments(.finetune, folder, output: "b", zero))
                .finish()
            #expect(last.map(\.status) == [0, 0])
            #expect(try model(whole) == model(broken))
        }
    }

    @Test func aStoppedRankIsNamedAfterTheTimeout() throws {
        try withTemporaryFolder { folder in
            let output = folder.appending(path: "a")
            let job = try RankJob(
                2, RankJob.arguments(.pretrain, folder, output: "a", ["runtime.rank_timeout=4"]))
            try job.wait(for: 3, in: output)
            let start = ContinuousClock.now
            job.send(SIGSTOP, to: 1)
            job.processes[0].waitUntilExit()
            let duration = ContinuousClock.now - start
            #expect(duration > .seconds(3) && duration < .seconds(9))
            #expect(job.processes[0].terminationStatus == 69)
            job.send(SIGKILL, to: 1)
            let ends = job.finish()
            #expect(ends[0].errors.contains("rank 1 on "), "\(ends[0].errors)")
        }
    }

    @Test func anotherRecipeIsRefused() throws {
        try withTemporaryFolder { folder in
            let plain = try RankJob.arguments(.pretrain, folder, output: "a")
            let job = try RankJob(2) { $0 == 0 ? plain : plain + ["seed=8"] }
            for end in job.finish() {
                #expect(end.status == 78)
                #expect(end.errors.contains("differ in the recipe"), "\(end.errors)")
            }
        }
    }

    @Test func theLauncherStartsAgain() throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            let launch = ["launch", "-n", "2", "--max-restarts", "2", "--"]
            let plain = try BuiltProgram.run(
                launch + RankJob.arguments(.finetune, folder, output: "a"))
            #expect(plain.status == 0, "\(plain.errors)")
            let process = try BuiltProgram.make(
                launch + RankJob.arguments(.finetune, folder, output: "b"))
            let errors = Pipe()
            (process.standardError, process.standardOutput) = (errors, FileHandle.nullDevice)
            try process.run()
            while try process.isRunning && RankJob.lineCount(broken) < 6 { usleep(2000) }
            kill(try #require(children(of: process).first), SIGKILL)
            let text = String(
                decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(text)")
            #expect(text.contains("restart 1 of 2: rank "))
            #expect(try model(whole) == model(broken))
        }
    }

    /// The processes that a process has started, on any of its threads.
    private func children(of process: Process) throws -> [pid_t] {
        let tasks = "/proc/\(process.processIdentifier)/task"
        return try FileManager.default.contentsOfDirectory(atPath: tasks).flatMap { task in
            try String(contentsOfFile: "\(tasks)/\(task)/children", encoding: .utf8)
                .split(separator: " ").compactMap { pid_t($0) }
        }.sorted()
    }
}
