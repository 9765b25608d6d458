import Foundation
import MoCaTestSupport
import Testing

@testable import MoCaRanks

@Suite(.timeLimit(.minutes(2))) struct LauncherWatchTests {
    /// The built program under a shell that plays the launcher and is killed without warning.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: BuiltProgram.url.path)))
    func aRankEndsWithItsLauncher() throws {
        try withTemporaryFolder { folder in
            let shell = Process()
            shell.executableURL = URL(fileURLWithPath: "/bin/sh")
            // The command waits for records that never come.
            shell.arguments = [
                "-c",
                """
                exec 3<&0
                MOCA_LAUNCHER_PID=$$ "$0" embed --model "$1" --threads 1 --input - \
                    --output out.jsonl <&3 &
                echo $! > pid.part && mv pid.part pid
                wait
                """,
                BuiltProgram.url.path, Repository.tinyCheckpoint.path,
            ]
            shell.environment = ProcessInfo.processInfo.environment.merging([
                "MOCA_LAUNCHER_GRACE": "0.2"
            ]) { $1 }
            shell.currentDirectoryURL = folder
            let input = Pipe()
            shell.standardInput = input
            (shell.standardOutput, shell.standardError) = (
                FileHandle.nullDevice, FileHandle.nullDevice
            )
            try shell.run()
            let file = folder.appending(path: "pid")
            while shell.isRunning, !FileManager.default.fileExists(atPath: file.path) {
                usleep(10_000)
            }
            let text = try String(contentsOf: file, encoding: .utf8)
            let rank = try #require(pid_t(text.trimmingCharacters(in: .whitespacesAndNewlines)))
            // Long enough for the program to start; as long as the launcher lives, it waits.
            usleep(1_500_000)
            #expect(isRunning(rank))
            kill(shell.processIdentifier, SIGKILL)
            shell.waitUntilExit()
            var tries = 0
            while isRunning(rank), tries < 1000 {
                usleep(10_000)
                tries += 1
            }
            #expect(!isRunning(rank), "the process outlived its launcher")
            withExtendedLifetime(input) {}
        }
    }

    @Test func onlyRanksWatch() {
        #expect(!LauncherWatch.start([:]))
        #expect(!LauncherWatch.start(["MOCA_LAUNCHER_PID": "x"]))
        // The number of a living process that is not the parent: a program that a rank started.
        #expect(!LauncherWatch.start(["MOCA_LAUNCHER_PID": "\(getpid())"]))
    }

    @Test func whoPassesSignalsOn() {
        #expect(LauncherWatch.passesSignalsOn(["MOCA_LAUNCHER_PID": "4"]))
        #expect(LauncherWatch.passesSignalsOn(["TORCHELASTIC_RUN_ID": "none"]))
        #expect(!LauncherWatch.passesSignalsOn(["SLURM_PROCID": "4"]))
    }
}
