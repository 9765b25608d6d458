// Started by torchrun of a Python environment with PyTorch: MOCA_TORCHRUN names the program.

import Foundation
import MoCaTestSupport
import Testing

@testable import MoCaTraining

private enum Torchrun {
    static let program = ProcessInfo.processInfo.environment["MOCA_TORCHRUN"]
}

@Suite(.serialized, .enabled(if: Torchrun.program != nil)) struct TorchrunTests {
    private func start(_ options: [String], _ arguments: [String]) throws -> (Process, Pipe) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try #require(Torchrun.program))
        process.arguments =
            ["--standalone", "--no-python", "--nproc-per-node", "2"] + options
            + [BuiltProgram.url.path] + arguments
        let errors = Pipe()
        (process.standardError, process.standardOutput) = (errors, FileHandle.nullDevice)
        try process.run()
        return (process, errors)
    }

    private func text(_ pipe: Pipe) -> String {
        String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    }

    /// The processes below `parent` that run `moca`.
    private func ranks(below parent: pid_t) throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { name in
            guard let pid = pid_t(name),
                let status = FileManager.default.contents(atPath: "/proc/\(pid)/status"),
                String(decoding: status, as: UTF8.self).contains("\nPPid:\t\(parent)\n"),
                let command = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
            else { return nil }
            return String(decoding: command, as: UTF8.self).contains("finetune") ? pid : nil
        }.sorted()
    }

    /// torchrun keeps one store over its restarts; the second attempt must not meet the first.
    @Test func aRestartGoesOnFromTheLastCheckpoint() throws {
        try withTemporaryFolder { folder in
            let (whole, broken) = (folder.appending(path: "a"), folder.appending(path: "b"))
            let plain = try RankJob(2, RankJob.arguments(.finetune, folder, output: "a")).finish()
            #expect(plain.map(\.status) == [0, 0])
            let (process, errors) = try start(
                ["--max-restarts", "2"], RankJob.arguments(.finetune, folder, output: "b"))
            while try process.isRunning && RankJob.lineCount(broken) < 6 { usleep(2000) }
            kill(try #require(ranks(below: process.processIdentifier).last), SIGKILL)
            let output = text(errors)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(output)")
            #expect(output.contains("resuming at step"), "\(output)")
            let name = "model/model.safetensors"
            #expect(
                try Data(contentsOf: whole.appending(path: name))
                    == Data(contentsOf: broken.appending(path: name)))
        }
    }
}
