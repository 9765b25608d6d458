package import Foundation

/// The output of a finished process.
package struct RunResult: Sendable {
    /// The exit status.
    package var status: Int32
    /// The text on standard output.
    package var output: String
    /// The text on standard error.
    package var errors: String
}

/// The `moca` program of the same build as the tests.
package enum BuiltProgram {
    /// The URL of the program, which is beside the test bundle.
    package static var url: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent().appending(path: "moca")
    }

    /// Runs the program and waits for it to exit.
    ///
    /// - Parameter environment: variables added to those of this process.
    package static func run(
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

    /// Creates a process that has not started yet.
    package static func make(
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
