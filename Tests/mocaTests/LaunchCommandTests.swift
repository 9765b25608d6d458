import Foundation
import MoCaTestSupport
import Testing

@testable import moca

/// What `moca launch` refuses before it starts a process; `MoCaRanksTests` has the rest.
@Suite struct LaunchCommandTests {
    /// An environment in which no launcher has left its variables.
    private func run(
        _ arguments: [String], environment: [String: String] = [:]
    ) throws -> RunResult {
        try BuiltProgram.run(["launch"] + arguments, environment: environment)
    }

    @Test(arguments: [
        (["-n", "2"], "There is nothing to run: add -- and a command, such as"),
        (["-n", "2", "--"], "There is nothing to run: add -- and a command, such as"),
        (["-n", "0", "--", "embed"], "-n must be at least 1, not 0."),
        (["-n", "5000", "--", "embed"], "-n must be at most 1024, not 5000."),
        (["--", "embed"], "Missing expected argument '--processes <n>'"),
        (
            ["-n", "2", "--max-restarts=-1", "--", "embed"],
            "--max-restarts must be 0 or more, not -1."
        ),
        (
            ["-n", "2", "--grace", "nan", "--", "embed"],
            "--grace must be in 0...86400 seconds, not nan."
        ),
        (["-n", "2", "--threads", "0", "--", "embed"], "--threads must be at least 1, not 0."),
        (
            ["-n", "2", "--", "search", "--index", "i"],
            "search does not share its work over processes; those that do: pretrain, finetune, "
                + "embed, evaluate mmeb, evaluate vidore, evaluate retrieval, data mine, bench train."
        ),
        (["-n", "2", "--", "evaluate", "compare"], "evaluate compare does not share its work"),
        (["-n", "2", "--", "evaluate"], "evaluate does not share its work"),
        (["-n", "2", "--", "launch", "-n", "2"], "launch does not share its work"),
        (["-n", "2", "--", "--help"], "--help does not share its work"),
        (["-n", "2", "--", "moca", "finetune"], "Leave out the word moca after --"),
        (
            ["-n", "2", "--", "embed", "--input", "-", "--output", "o.npy"],
            "--input - cannot be used: several processes cannot read one standard input."
        ),
    ])
    func wrongUsage(arguments: [String], message: String) throws {
        let result = try run(arguments)
        #expect(result.status == 64)
        #expect(result.errors.contains(message), "\(result.errors)")
    }

    /// The options of the command are checked once, and not by every process.
    @Test func wrongOptionsOfTheCommand() throws {
        let result = try run(["-n", "3", "--", "embed", "--output", "o.npy", "--inptu", "i"])
        #expect(result.status == 64)
        #expect(result.errors.contains("--inptu"), "\(result.errors)")
        #expect(!result.errors.contains("[rank 1]"))
        let help = try run(["-n", "3", "--", "embed", "--help"])
        #expect(help.status == 0 && help.output.contains("USAGE: moca embed"))
    }

    @Test func aRankLaunchesNothing() throws {
        let result = try run(
            ["-n", "2", "--", "embed", "--input", "i", "--output", "o.npy"],
            environment: ["PMI_RANK": "0", "PMI_SIZE": "2"])
        #expect(result.status == 78)
        #expect(
            result.errors
                == "error: processes cannot be launched (mpiexec): this process is itself one of "
                + "several; run the command itself under mpiexec, or launch it from one process\n")
    }

    /// A plan is printed once, and is that of all processes.
    @Test func aPlanCountsTheProcesses() throws {
        let recipe = Repository.root.appending(path: "recipes/debug-pretrain.yaml").path
        let result = try run(["-n", "2", "--", "pretrain", "--config", recipe, "--plan"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.components(separatedBy: "parameters: ").count == 2)
        #expect(result.output.contains("memory of this host's processes (2 of 2): "))
        #expect(result.output.contains("memory of a process in GB"))
        #expect(!result.output.contains("a step, measured"))
    }

    @Test func theListedCommandsExist() throws {
        for command in LaunchCommand.commands {
            let result = try BuiltProgram.run(command + ["--help"])
            #expect(result.status == 0)
            #expect(
                result.output.contains("USAGE: moca \(command.joined(separator: " "))"),
                "\(command)")
        }
    }
}
