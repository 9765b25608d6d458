import Foundation
import MoCaCore
import MoCaTestSupport
import Testing

@testable import MoCaTraining

private var isProgramBuilt: Bool {
    FileManager.default.isExecutableFile(atPath: KilledProcessTests.program.path)
}

/// The built program, disturbed from outside: what it leaves behind goes on to the same end.
///
/// `MOCA_LONG_TESTS=1` kills it fifty times.
@Suite(.serialized, .enabled(if: isProgramBuilt))
struct FaultTests {
    private static let killCount =
        ProcessInfo.processInfo.environment["MOCA_LONG_TESTS"] == nil ? 4 : 50

    private struct Job {
        let stage: Recipe.Stage
        let folder: URL
        var overrides: [String] = []

        var output: URL { folder.appending(path: "run") }

        func write(steps: Int, _ keys: String = "") throws {
            let text = TrainingFixtures.text(stage, output: folder, steps: steps)
                .replacing("checkpoint: {every_steps: 3, keep: 2}", with: "")
            try (text + "\ncheckpoint: {every_steps: 2, keep: 2}\n" + keys).write(
                to: folder.appending(path: "recipe.yaml"), atomically: true, encoding: .utf8)
        }

        func make(_ output: URL, before: String = "") throws -> (Process, Pipe) {
            let process = Process()
            // The shell is replaced by the program, whose process it stays.
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments =
                [
                    "-c", "\(before) exec \"$0\" \"$@\"", KilledProcessTests.program.path,
                    stage.rawValue,
                    "--config", folder.appending(path: "recipe.yaml").path,
                    "output_dir=\(output.path)",
                ] + overrides
            let errors = Pipe()
            process.standardOutput = FileHandle.nullDevice
            process.standardError = errors
            return (process, errors)
        }

        /// Runs to the end.
        func run(_ output: URL, before: String = "") throws -> (status: Int32, errors: String) {
            let (process, errors) = try make(output, before: before)
            try process.run()
            let text = errors.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return (process.terminationStatus, String(decoding: text, as: UTF8.self))
        }

        func expectSame(_ whole: URL, _ broken: URL) throws {
            let name = "model/model.safetensors"
            #expect(
                try Data(contentsOf: whole.appending(path: name))
                    == Data(contentsOf: broken.appending(path: name)))
            #expect(try TrainingFixtures.metrics(whole) == TrainingFixtures.metrics(broken))
        }
    }

    private func wait(_ process: Process, for isReady: () throws -> Bool) throws {
        while process.isRunning, try !isReady() { usleep(1000) }
    }

    private func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }

    /// Killed at random moments, many of them in the middle of a save: one is made every other step.
    @Test(arguments: Recipe.Stage.allCases)
    func killedAtRandomMoments(stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            let job = Job(stage: stage, folder: folder)
            try job.write(steps: 40)
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            let start = ContinuousClock.now
            #expect(try job.run(whole).status == 0)
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            var random = RandomSource(seed: 11, name: stage.rawValue)
            var kills = 0
            while kills < Self.killCount {
                let (victim, errors) = try job.make(broken)
                victim.standardError = FileHandle.nullDevice
                _ = errors
                try victim.run()
                usleep(UInt32(seconds * 1e6 * Double(random.next() % 1000) / 1000))
                kill(victim.processIdentifier, SIGKILL)
                victim.waitUntilExit()
                guard victim.terminationReason == .uncaughtSignal else {
                    // It was quicker; the next kills are of another run.
                    try job.expectSame(whole, broken)
                    try FileManager.default.removeItem(at: broken)
                    continue
                }
                kills += 1
                // What it left is complete or absent.
                for checkpoint in try Checkpoint.folders(in: broken) {
                    _ = try Checkpoint(opening: checkpoint.folder)
                }
            }
            #expect(try job.run(broken).status == 0)
            try job.expectSame(whole, broken)
        }
    }

    /// A limit on the size of files is what a full disk is to a writer.
    @Test func aFullDiskLosesNothing() throws {
        try withTemporaryFolder { folder in
            let job = Job(stage: .finetune, folder: folder)
            try job.write(steps: 40)
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            #expect(try job.run(whole).status == 0)
            let (victim, _) = try job.make(broken)
            victim.standardError = FileHandle.nullDevice
            try victim.run()
            try wait(victim) { try !Checkpoint.all(in: broken).isEmpty }
            kill(victim.processIdentifier, SIGKILL)
            victim.waitUntilExit()
            let before = try #require(try Checkpoint.all(in: broken).last)
            // Kilobytes: the weights fit, the moments do not.
            let full = try job.run(broken, before: "trap '' XFSZ; ulimit -f 400;")
            #expect(full.status == 74)
            #expect(full.errors.contains("optimizer.safetensors): File too large; check the free"))
            #expect(try Checkpoint.all(in: broken).contains(before))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: broken.path)
                    .allSatisfy { !$0.hasPrefix(".checkpoint") })
            #expect(try job.run(broken).status == 0)
            try job.expectSame(whole, broken)
        }
    }

    @Test func aFolderThatCannotBeWrittenIsNamed() throws {
        try withTemporaryFolder { folder in
            let job = Job(stage: .finetune, folder: folder)
            try job.write(steps: 4)
            let file = folder.appending(path: "file")
            try Data().write(to: file)
            let below = try job.run(file.appending(path: "run"))
            #expect(below.status == 73)
            #expect(below.errors.contains("Not a directory; check the disk's space and the folder"))
            // A folder where a file must be.
            let log = folder.appending(path: "run/metrics.jsonl")
            try FileManager.default.createDirectory(at: log, withIntermediateDirectories: true)
            let taken = try job.run(job.output)
            #expect(taken.status == 73)
            #expect(taken.errors.contains("error: file cannot be written (\(log.path)): "))
            guard geteuid() != 0 else { return }
            let closed = folder.appending(path: "closed")
            try FileManager.default.createDirectory(
                at: closed, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o555])
            let denied = try job.run(closed)
            #expect(denied.status == 73)
            #expect(denied.errors.contains("Permission denied"))
        }
    }

    // MARK: Signals

    /// Sends SIGTERM when `isReady`; returns how the program ended.
    private func interrupted(
        _ job: Job, _ output: URL, when isReady: () throws -> Bool
    ) throws -> (status: Int32, errors: String) {
        let (process, errors) = try job.make(output)
        try process.run()
        try wait(process, for: isReady)
        process.terminate()
        let text = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }

    /// While it loads, while it trains, while it evaluates; each time the same command goes on.
    @Test func aSignalSavesAndEndsWithItsStatus() throws {
        try withTemporaryFolder { folder in
            let job = Job(stage: .finetune, folder: folder)
            let data = TrainingFixtures.data
            try job.write(
                steps: 12,
                """
                evaluation:
                  every_steps: 8
                  mmeb: \(data.path)/mmeb-eval
                  images: \(TrainingFixtures.images.path)
                  subsets: [WordNet_def2word]
                """)
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            let first = try job.run(whole)
            #expect(first.status == 0, "\(first.errors)")
            #expect(first.errors.contains("eval/mean/precision_at_1 "))
            let loading = try interrupted(job, broken) {
                exists(broken.appending(path: "recipe.yaml"))
            }
            #expect(loading.status == 75, "\(loading.errors)")
            #expect(loading.errors.contains("error: run was interrupted ("))
            let training = try interrupted(job, broken) {
                try !Checkpoint.folders(in: broken).isEmpty
            }
            #expect(training.status == 75)
            #expect(training.errors.contains("it was saved as \(broken.path)/checkpoint-"))
            let evaluating = try interrupted(job, broken) {
                exists(broken.appending(path: "evaluation/step-8"))
            }
            #expect(evaluating.status == 75)
            #expect(evaluating.errors.contains("(step 8): it was saved as "))
            #expect(try job.run(broken).status == 0)
            try job.expectSame(whole, broken)
        }
    }

    @Test func aSecondSignalEndsAtOnce() throws {
        try withTemporaryFolder { folder in
            // Steps of a second or more: the first signal waits for the end of one.
            var job = Job(stage: .finetune, folder: folder)
            job.overrides = ["batch={size: 512, accumulation: 1}", "logging.every_steps=1"]
            try job.write(steps: 40)
            let (process, _) = try job.make(job.output)
            process.standardError = FileHandle.nullDevice
            try process.run()
            let metrics = job.output.appending(path: "metrics.jsonl")
            try wait(process) {
                try exists(metrics) && !Data(contentsOf: metrics).isEmpty
            }
            process.terminate()
            usleep(100_000)
            #expect(process.isRunning)
            kill(process.processIdentifier, SIGINT)
            process.waitUntilExit()
            #expect(process.terminationReason == .uncaughtSignal)
            #expect(process.terminationStatus == SIGINT)
        }
    }
}
