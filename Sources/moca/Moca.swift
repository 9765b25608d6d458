// The program's entry point: its commands, and the handling of errors.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaRanks

/// `moca`, the root of all commands.
@main
struct Moca: AsyncParsableCommand {
    static let version = ProgramVersion.current

    static let configuration = CommandConfiguration(
        commandName: "moca",
        abstract: "Bidirectional multimodal embeddings: pre-train, fine-tune, embed, evaluate.",
        version: version,
        subcommands: [
            EmbedCommand.self, VectorsCommand.self, SimilarityCommand.self, IndexCommand.self,
            SearchCommand.self,
            ModelCommand.self, ReplayCommand.self, EvaluateCommand.self,
            PretrainCommand.self, FinetuneCommand.self, LaunchCommand.self,
            ReconstructCommand.self, ReportCommand.self, DataCommand.self, BenchCommand.self,
        ])

    /// Parses the arguments, runs the command, and exits with a sysexits status.
    static func main() async {
        LauncherWatch.start(ProcessInfo.processInfo.environment)
        let command: any ParsableCommand
        do {
            try checkArguments()
            command = try parseAsRoot()
        } catch {
            // --help and --version end here too.
            exit(withError: error)
        }
        do {
            if var running = command as? any AsyncParsableCommand {
                try await running.run()
            } else {
                var running = command
                try running.run()
            }
            try finishOutput()
        } catch {
            finish(error, of: command)
        }
    }

    /// Requires UTF-8 arguments: Swift replaces invalid bytes, so that a path would name another
    /// file.
    private static func checkArguments() throws {
        for index in 0..<Int(CommandLine.argc) {
            guard let bytes = CommandLine.unsafeArgv[index] else { continue }
            guard String(validatingCString: bytes) == nil else { continue }
            throw ValidationError(
                "Argument \(index) is not UTF-8 (\(String(cString: bytes))): rename the file, or "
                    + "name the folder that holds it.")
        }
    }

    /// Flushes the C library's buffers and throws if standard output did not accept all of it.
    private static func finishOutput() throws {
        guard fflush(nil) != 0 else { return }
        throw CommandError.cannotWrite(
            path: "standard output", reason: String(cString: strerror(errno)))
    }

    /// Prints an error as one line, and exits with its status.
    private static func finish(_ error: any Error, of command: any ParsableCommand) -> Never {
        let isOurs = command is any VerboseCommand
        let isVerbose = (command as? any VerboseCommand)?.verbosity.verbose ?? false
        switch error {
        case let error as any UserFacingError:
            Message.write("error: \(error.commandLine)")
            if isVerbose { Message.write(String(reflecting: error)) }
            Foundation.exit(error.kind.rawValue)
        // The parser's own commands, such as --help, throw their output.
        case _ where !isOurs, is ExitCode, is CleanExit, is ValidationError:
            exit(withError: error)
        default:
            let failure = CommandError.unexpected(
                type: "\(type(of: error))", reason: error.localizedDescription)
            Message.write("error: \(failure.oneLine)")
            if isVerbose { Message.write(String(reflecting: error)) }
            Foundation.exit(failure.kind.rawValue)
        }
    }
}

/// The option that all commands share.
struct VerbosityOptions: ParsableArguments {
    @Flag(help: "Say more about an error.")
    var verbose = false
}

/// A command with a verbose error report.
protocol VerboseCommand: AsyncParsableCommand {
    var verbosity: VerbosityOptions { get }
}
