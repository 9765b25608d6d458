// The processes of one start of a run, without a launcher.

import Foundation
import MoCaTestSupport
import Testing

@testable import MoCaTraining

/// The processes of one start, without a launcher.
final class RankJob {
    let processes: [Process]
    private let errors: [Pipe]

    convenience init(_ count: Int, _ arguments: [String]) throws {
        try self.init(count) { _ in arguments }
    }

    /// - Parameters:
    ///   - address: The address of rank 0.
    ///   - host: Returns the command that starts a program on the host of a rank; empty for this
    ///     host.
    init(
        _ count: Int, address: String = "127.0.0.1", on host: (Int) -> [String] = { _ in [] },
        _ arguments: (Int) -> [String]
    ) throws {
        let port = try Self.freePort()
        errors = (0..<count).map { _ in Pipe() }
        processes = try (0..<count).map { rank in
            let process = try BuiltProgram.make(
                arguments(rank),
                environment: [
                    "RANK": "\(rank)", "WORLD_SIZE": "\(count)", "LOCAL_RANK": "\(rank)",
                    "MASTER_ADDR": address, "MASTER_PORT": "\(port)",
                ])
            if let program = host(rank).first {
                process.executableURL = URL(fileURLWithPath: program)
                process.arguments =
                    host(rank).dropFirst() + [BuiltProgram.url.path] + (process.arguments ?? [])
            }
            return process
        }
        for (process, pipe) in zip(processes, errors) {
            process.standardOutput = FileHandle.nullDevice
            process.standardError = pipe
            try process.run()
        }
    }

    /// Waits for all; returns statuses (128 and a signal's number) and messages.
    func finish() -> [(status: Int32, errors: String)] {
        let texts = errors.map {
            String(decoding: $0.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        }
        return zip(processes, texts).map { process, text in
            process.waitUntilExit()
            let isSignal = process.terminationReason == .uncaughtSignal
            return (process.terminationStatus + (isSignal ? 128 : 0), text)
        }
    }

    func send(_ signal: Int32, to rank: Int) {
        kill(processes[rank].processIdentifier, signal)
    }

    private static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(descriptor, generic, size) == 0
                    && getsockname(descriptor, generic, &size) == 0
            }
        }
        return Int(UInt16(bigEndian: try #require(port ? address.sin_port : nil)))
    }

    /// Waits until the run has logged so many rows.
    func wait(for lines: Int, in folder: URL) throws {
        while try processes[0].isRunning && Self.lineCount(folder) < lines { usleep(2000) }
    }

    static func arguments(
        _ stage: Recipe.Stage, _ folder: URL, output: String, steps: Int = 60,
        _ overrides: [String] = []
    ) throws -> [String] {
        let recipe = folder.appending(path: "recipe.yaml")
        let text = TrainingFixtures.text(stage, output: folder, steps: steps)
            .replacing("every_steps: 3", with: "every_steps: 7")
        try text.write(to: recipe, atomically: true, encoding: .utf8)
        return [
            stage.rawValue, "--config", recipe.path,
            "output_dir=\(folder.appending(path: output).path)",
        ] + overrides
    }

    static func lineCount(_ folder: URL) throws -> Int {
        let file = folder.appending(path: "metrics.jsonl")
        guard FileManager.default.fileExists(atPath: file.path) else { return 0 }
        return try Data(contentsOf: file).count { $0 == UInt8(ascii: "\n") }
    }
}
