import Foundation
import MoCaTestSupport
import Testing

@testable import MoCaTraining

/// The built program, killed without warning.
@Suite struct KilledProcessTests {
    /// `moca` of the same build as the tests.
    static let program = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "moca")

    private func start(_ stage: Recipe.Stage, _ recipe: URL, _ output: URL) throws -> Process {
        let process = Process()
        process.executableURL = Self.program
        process.arguments = [stage.rawValue, "--config", recipe.path, "output_dir=\(output.path)"]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: program.path)),
        arguments: Recipe.Stage.allCases)
    func sameWeightsAsNeverKilled(stage: Recipe.Stage) throws {
        try withTemporaryFolder { folder in
            let recipe = folder.appending(path: "recipe.yaml")
            let text = TrainingFixtures.text(stage, output: folder, steps: 60)
                .replacing("every_steps: 3", with: "every_steps: 7")
            try text.write(to: recipe, atomically: true, encoding: .utf8)
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            let uninterrupted = try start(stage, recipe, whole)
            uninterrupted.waitUntilExit()
            #expect(uninterrupted.terminationStatus == 0)
            // Twice, at whatever the process is doing then.
            for lines in [5, 14] {
                let victim = try start(stage, recipe, broken)
                while victim.isRunning, try lineCount(broken) < lines { usleep(2000) }
                kill(victim.processIdentifier, SIGKILL)
                victim.waitUntilExit()
                #expect(victim.terminationReason == .uncaughtSignal)
            }
            let last = try start(stage, recipe, broken)
            last.waitUntilExit()
            #expect(last.terminationStatus == 0)
            let name = "model/model.safetensors"
            #expect(
                try Data(contentsOf: whole.appending(path: name))
                    == Data(contentsOf: broken.appending(path: name)))
            #expect(try TrainingFixtures.metrics(whole) == TrainingFixtures.metrics(broken))
        }
    }

    private func lineCount(_ folder: URL) throws -> Int {
        let file = folder.appending(path: "metrics.jsonl")
        guard FileManager.default.fileExists(atPath: file.path) else { return 0 }
        return try Data(contentsOf: file).count { $0 == UInt8(ascii: "\n") }
    }
}
