// The built program, run as a user runs it.

import Foundation

/// What a run printed, and how it ended.
struct RunResult {
    var status: Int32
    var output: String
    var errors: String
}

/// `moca` of the same build as the tests.
enum BuiltProgram {
    /// Beside the bundle of tests.
    static var url: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "moca")
    }

    /// Runs it to its end.
    ///
    /// - Parameter environment: added to this process's.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], in folder: URL? = nil
    ) throws -> RunResult {
        let process = try make(arguments, environment: environment, in: folder)
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        let messages = errors.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return RunResult(
            status: process.terminationStatus, output: String(decoding: text, as: UTF8.self),
            errors: String(decoding: messages, as: UTF8.self))
    }

    /// A process that is not started yet.
    static func make(
        _ arguments: [String], environment: [String: String] = [:], in folder: URL? = nil
    ) throws -> Process {
        let process = Process()
        process.executableURL = url
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        return process
    }
}

/// The golden fixtures.
let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures")

/// A tiny model with images and text.
let checkpoint = fixtures.appending(path: "model/checkpoint_newer")

/// A folder of its own for one test, removed at the end.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory
        .appending(path: "moca-program-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.resolvingSymlinksInPath())
}
