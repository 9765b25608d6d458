// `moca launch`: one command as several processes of this machine.

import ArgumentParser
import Foundation
import MoCaRanks
import Torch

/// Runs a command as several processes.
struct LaunchCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "launch",
        abstract: "Run a command as several processes of this machine, usually one for each GPU.",
        discussion: """
            COMMAND is pretrain, finetune, embed, evaluate (mmeb, vidore, retrieval), data mine or \
            bench train, with its options. The processes share its work as under torchrun, and no \
            Python is needed. Output is that of rank 0; lines of the others begin with [rank N], on \
            standard error.

            When one process fails, the others are ended, and the status is that of the first that \
            failed (128 + N for signal N). Ctrl-C and SIGTERM are passed on once to every process: \
            a training saves its state and ends with status 75. docs/distributed.md has more.

            This is for one machine. For several, start the command itself by srun, torchrun, \
            mpirun or a PyTorchJob.
            """)

    /// The commands that share their work over processes.
    static let commands = [
        ["pretrain"], ["finetune"], ["embed"], ["evaluate", "mmeb"], ["evaluate", "vidore"],
        ["evaluate", "retrieval"], ["data", "mine"], ["bench", "train"],
    ]

    @Option(
        name: [.customShort("n"), .customLong("processes")],
        help: ArgumentHelp("The number of processes.", valueName: "n"))
    var processes: Int

    @Option(
        help: ArgumentHelp(
            """
            How often all processes are started again after a failure that may pass, such as a \
            killed process; a training goes on from its newest checkpoint.
            """, valueName: "n"))
    var maxRestarts = 0

    @Option(
        help: ArgumentHelp(
            "How long the others may take to end after one failed.", valueName: "seconds"))
    var grace = 15.0

    @Option(
        help: ArgumentHelp(
            """
            Threads of each process (default: $OMP_NUM_THREADS, else the processors divided by the \
            number of processes).
            """, valueName: "n"))
    var threads: Int?

    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("The command and its options, after --.", valueName: "command"))
    var command: [String] = []

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        try requirePositive(processes, "-n", atMost: 1024)
        try requirePositive(threads, "--threads", atMost: LibTorch.threadCountMax)
        guard maxRestarts >= 0 else {
            throw ValidationError("--max-restarts must be 0 or more, not \(maxRestarts).")
        }
        guard grace >= 0, grace <= 86_400 else {
            throw ValidationError("--grace must be in 0...86400 seconds, not \(grace).")
        }
        try requireKnownCommand()
    }

    func run() async throws {
        do {
            // Wrong options end here, and not once in every process.
            _ = try Moca.parseAsRoot(command)
        } catch {
            Moca.exit(withError: error)
        }
        let environment = ProcessInfo.processInfo.environment
        if let launcher = try RankEnvironment.launcher(in: environment) {
            throw LaunchError.isRank(launcher)
        }
        let launcher = RankLauncher(settings(environment)) { Self.write($0) }
        let signals = LaunchSignals { launcher.passOn($0) }
        let outcome = try launcher.run(resetting: signals.numbers)
        if let message = outcome.message { Message.write("error: \(message)") }
        guard outcome.status == 0 else { throw ExitCode(outcome.status) }
    }

    /// Throws unless the arguments begin with a command that shares its work.
    private func requireKnownCommand() throws {
        let names = Self.commands.map { $0.joined(separator: " ") }.joined(separator: ", ")
        guard let first = command.first else {
            throw ValidationError(
                "There is nothing to run: add -- and a command, such as "
                    + "moca launch -n 2 -- finetune --config recipe.yaml.")
        }
        guard first != "moca" else {
            throw ValidationError("Leave out the word moca after --: the program is this one.")
        }
        guard Self.commands.contains(where: { command.starts(with: $0) }) else {
            let name = command.prefix { !$0.hasPrefix("-") }.prefix(2).joined(separator: " ")
            throw ValidationError(
                "\(name.isEmpty ? first : name) does not share its work over processes; those that "
                    + "do: \(names).")
        }
        for (option, value) in zip(command, command.dropFirst())
        where option == "--input" && value == "-" {
            throw ValidationError(
                "--input - cannot be used: several processes cannot read one standard input. "
                    + "Write the records to a file.")
        }
    }

    private func settings(_ environment: [String: String]) -> LaunchSettings {
        let program =
            Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
        var settings = LaunchSettings(
            program: program, arguments: command, processCount: processes,
            environment: environment)
        settings.restartCountMax = maxRestarts
        settings.grace = .seconds(grace)
        settings.threads = threads
        return settings
    }

    /// Writes a line to standard error; on a terminal, over the bar that rank 0 may have drawn.
    private static func write(_ line: String) {
        Message.write((ProgressBar.isShown ? "\r\u{1b}[K" : "") + line)
    }
}
