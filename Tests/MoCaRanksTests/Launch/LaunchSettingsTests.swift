import Foundation
import MoCaCore
import Testing

@testable import MoCaRanks

@Suite struct LaunchSettingsTests {
    private func settings(_ environment: [String: String] = [:]) -> LaunchSettings {
        var settings = LaunchSettings(
            program: URL(fileURLWithPath: "/bin/true"), arguments: [], processCount: 3,
            environment: environment)
        settings.restartCountMax = 4
        settings.identifier = "id"
        return settings
    }

    private func environment(_ settings: LaunchSettings) -> [String: String] {
        settings.environment(rank: 2, restart: 1, port: 4000, processorCount: 8)
    }

    @Test func theVariablesAreThoseOfTorchrun() throws {
        // Variables of another launcher give way.
        let variables = environment(settings(["HOME": "h", "RANK": "0", "WORLD_SIZE": "1"]))
        #expect(
            variables == [
                "HOME": "h", "RANK": "2", "LOCAL_RANK": "2", "WORLD_SIZE": "3",
                "LOCAL_WORLD_SIZE": "3", "GROUP_RANK": "0", "MASTER_ADDR": "127.0.0.1",
                "MASTER_PORT": "4000", "TORCHELASTIC_USE_AGENT_STORE": "True",
                "TORCHELASTIC_RESTART_COUNT": "1", "TORCHELASTIC_MAX_RESTARTS": "4",
                "TORCHELASTIC_RUN_ID": "id", "OMP_NUM_THREADS": "2",
                "MOCA_LAUNCHER_PID": "\(getpid())", "MOCA_LAUNCHER_GRACE": "15.0",
            ])
        #expect(
            try RankEnvironment.read(variables)
                == RankEnvironment(
                    launcher: .moca, rank: 2, worldSize: 3, localRank: 2, localWorldSize: 3,
                    address: "127.0.0.1", port: 4000, usesAgentStore: true, restartCount: 1))
    }

    @Test func threads() {
        #expect(environment(settings(["OMP_NUM_THREADS": "7"]))["OMP_NUM_THREADS"] == "7")
        var explicit = settings(["OMP_NUM_THREADS": "7"])
        explicit.threads = 5
        #expect(environment(explicit)["OMP_NUM_THREADS"] == "5")
        let crowded = settings().environment(rank: 0, restart: 0, port: 1, processorCount: 2)
        #expect(crowded["OMP_NUM_THREADS"] == "1")
    }

    static let errors: [(LaunchError, Int32, String)] = [
        (
            .cannotStart(program: "/p", rank: 1, reason: "No such file or directory"), 69,
            "rank 1 cannot be started (/p): No such file or directory; check the program's "
                + "permissions and the limit on processes (ulimit -u)"
        ),
        (
            .noPipe(rank: 1, reason: "Too many open files"), 69,
            "rank 1 cannot be started (pipe for its output): Too many open files; raise the limit on "
                + "open files (ulimit -n), or start fewer processes"
        ),
        (
            .isRank(.slurm), 78,
            "processes cannot be launched (srun): this process is itself one of several; run the "
                + "command itself under srun, or launch it from one process"
        ),
    ]

    @Test(arguments: errors.indices)
    func errorTexts(index: Int) {
        let (error, status, text) = Self.errors[index]
        #expect(error.oneLine == text)
        #expect(error.kind.rawValue == status)
    }
}

@Suite struct RankLinesTests {
    @Test func linesAreWholeHoweverTheyCome() {
        var lines = RankLines(rank: 3)
        #expect(lines.append(Array("a".utf8)).isEmpty)
        #expect(lines.append(Array("b\r\n\nc".utf8)) == ["[rank 3] ab", "[rank 3] "])
        #expect(lines.finish() == "[rank 3] c")
        #expect(lines.finish() == nil)
    }

    @Test func aCharacterMayComeInParts() {
        var lines = RankLines(rank: 1)
        let bytes = Array("é\n".utf8)
        #expect(lines.append(bytes.prefix(1)).isEmpty)
        #expect(lines.append(bytes.dropFirst()) == ["[rank 1] é"])
    }

    @Test func aLineWithoutEndIsCut() {
        var lines = RankLines(rank: 1)
        let found = lines.append([UInt8](repeating: 0x78, count: 70_000))
        #expect(found.map(\.utf8.count) == [65_536 + 9])
        #expect(lines.finish()?.utf8.count == 70_000 - 65_536 + 9)
    }
}
