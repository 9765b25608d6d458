import MoCaSystem
import Foundation
import MoCaCore
import Synchronization
import Testing
import Torch

@testable import MoCaRanks

/// The launcher with scripts as ranks.
@Suite(.timeLimit(.minutes(2))) struct RankLauncherTests {
    /// Waits for SIGTERM, and notes that it came.
    private static let waiting = """
        trap 'echo $RANK > $T/ended$RANK; exit 0' TERM
        echo $$ > $T/pid$RANK
        while :; do sleep 0.05; done
        """

    private static func failing(_ command: String) -> String {
        """
        if [ $RANK = 1 ]; then
            while [ ! -s $T/pid0 ] || [ ! -s $T/pid2 ]; do sleep 0.02; done
            \(command)
        fi
        \(waiting)
        """
    }

    @Test func successOfAll() throws {
        let ranks = try ShellRanks("exit 0", count: 3)
        let outcome = try ranks.launcher.run()
        #expect(
            outcome == RankLauncher.Outcome(failure: nil, restartCount: 0, wasInterrupted: false))
        #expect(outcome.status == 0 && outcome.message == nil)
        #expect(ranks.messages.isEmpty)
    }

    @Test(arguments: [
        ("exit 7", RankEnd.exited(7), 7), ("exit 65", .exited(65), 65),
        ("kill -9 $$", .killed(signal: 9), 137), ("kill -11 $$", .killed(signal: 11), 139),
    ])
    func oneFailureEndsTheOthers(command: String, end: RankEnd, status: Int32) throws {
        let ranks = try ShellRanks(Self.failing(command), count: 3)
        let outcome = try ranks.launcher.run()
        #expect(outcome.failure == RankFailure(rank: 1, end: end))
        #expect(outcome.status == status)
        #expect(ranks.text("ended0") == "0" && ranks.text("ended2") == "2")
        #expect(ranks.hasEnded("pid0") && ranks.hasEnded("pid2"))
    }

    @Test func whoIgnoresSIGTERMIsKilled() throws {
        let ranks = try ShellRanks(
            "trap '' TERM\n" + Self.failing("exit 3").replacing("trap 'echo", with: ": 'echo"),
            count: 3
        ) { $0.grace = .milliseconds(200) }
        let start = ContinuousClock.now
        let outcome = try ranks.launcher.run()
        #expect(outcome.failure == RankFailure(rank: 1, end: .exited(3)))
        #expect(ranks.hasEnded("pid0") && ranks.hasEnded("pid2"))
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    /// Programs that a rank started, and that hold its output open, end with it.
    @Test func nothingIsLeftBehind() throws {
        let ranks = try ShellRanks("sleep 300 & echo $! > $T/child$RANK; exit 0", count: 2)
        #expect(try ranks.launcher.run().status == 0)
        #expect(ranks.hasEnded("child0") && ranks.hasEnded("child1"))
    }

    @Test func restartsHaveALimitAndAFreshStore() throws {
        let ports = Mutex(100)
        // Only rank 1 fails, until the start with this number.
        func ranks(passing: Int) throws -> ShellRanks {
            let script = """
                echo $MASTER_PORT > $T/port$TORCHELASTIC_RESTART_COUNT
                [ $TORCHELASTIC_RESTART_COUNT = \(passing) ] && exit 0
                [ $RANK = 1 ] && exit 69
                exec sleep 300
                """
            return try ShellRanks(
                script, count: 2, { $0.restartCountMax = 3 },
                serve: {
                    ports.withLock { port in
                        port += 1
                        return ServedStore(port: port, keeping: 0)
                    }
                })
        }
        let passing = try ranks(passing: 2)
        let outcome = try passing.launcher.run()
        #expect(outcome.status == 0 && outcome.restartCount == 2)
        #expect(
            passing.messages == [
                "restart 1 of 3: rank 1 ended with status 69",
                "restart 2 of 3: rank 1 ended with status 69",
            ])
        #expect((0...2).map { passing.text("port\($0)") } == ["101", "102", "103"])

        let failing = try ranks(passing: 9)
        let last = try failing.launcher.run()
        #expect(last.failure == RankFailure(rank: 1, end: .exited(69)))
        #expect(last.restartCount == 3 && failing.messages.count == 3)
    }

    @Test(arguments: [64, 65, 66, 75, 78])
    func someFailuresAreNotWorthARestart(status: Int) throws {
        let ranks = try ShellRanks("exit \(status)", count: 2) { $0.restartCountMax = 3 }
        let outcome = try ranks.launcher.run()
        #expect(outcome.status == Int32(status) && outcome.restartCount == 0)
    }

    @Test func aProgramThatCannotStart() throws {
        let ranks = try ShellRanks("", count: 3) {
            $0.program = URL(fileURLWithPath: "/nowhere/program")
        }
        #expect(
            throws: LaunchError.cannotStart(
                program: "/nowhere/program", rank: 0, reason: "No such file or directory")
        ) { try ranks.launcher.run() }
    }

    /// Each rank counts what it receives, saves for a while, and ends with 75.
    private static let saving = """
        count=0
        trap 'count=$((count + 1))' INT TERM
        echo $$ > $T/ready$RANK
        while [ $count = 0 ]; do sleep 0.02; done
        [ $RANK = 0 ] && for i in 1 2 3 4 5 6 7 8 9 10; do sleep 0.1; done
        echo $count > $T/count$RANK
        exit 75
        """

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func aSignalIsPassedOnOnce(signal: Int32) throws {
        let ranks = try ShellRanks(Self.saving, count: 3) {
            $0.grace = .zero
            $0.restartCountMax = 3
        }
        let running = ranks.start()
        #expect(ranks.wait(for: ["ready0", "ready1", "ready2"]))
        ranks.launcher.passOn(signal)
        let outcome = try running.value()
        #expect(outcome.status == 75 && outcome.restartCount == 0 && outcome.wasInterrupted)
        #expect(outcome.message == nil)
        // Rank 0 was neither killed nor signalled again while it saved.
        #expect((0...2).map { ranks.text("count\($0)") } == ["1", "1", "1"])
    }

    @Test func aThirdSignalKills() throws {
        let script = "trap '' INT TERM; echo $$ > $T/ready$RANK; while :; do sleep 0.05; done"
        let ranks = try ShellRanks(script, count: 2)
        let running = ranks.start()
        #expect(ranks.wait(for: ["ready0", "ready1"]))
        for _ in 0..<2 { ranks.launcher.passOn(SIGINT) }
        usleep(300_000)
        #expect(!running.isFinished)
        ranks.launcher.passOn(SIGINT)
        #expect(try running.value().status == 137)
    }

    /// A signal that the launcher ignores or handles has its default action in a rank.
    @Test func theRanksDoNotInheritIgnoredSignals() throws {
        let earlier = signal(SIGUSR2, SIG_IGN)
        defer { signal(SIGUSR2, earlier) }
        let ranks = try ShellRanks("kill -USR2 $$; exit 0", count: 1)
        #expect(try ranks.launcher.run(resetting: [SIGUSR2]).status == 128 + SIGUSR2)
        #expect(try ranks.launcher.run().status == 0)
    }

    @Test func eachRankLeadsAGroup() throws {
        let ranks = try ShellRanks("cat /proc/$$/stat > $T/stat$RANK", count: 2)
        #expect(try ranks.launcher.run().status == 0)
        for rank in 0...1 {
            let stat = try #require(ranks.text("stat\(rank)"))
            let number = stat.prefix { $0 != " " }
            let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
            // State, parent, group.
            #expect(fields.count > 2 && fields[2] == number)
            #expect(fields[1] == "\(getpid())")
        }
    }

    /// Standard output and standard error of all ranks but 0, which writes for itself.
    @Test func linesHaveTheirRank() throws {
        let script = """
            [ $RANK = 0 ] && exit 0
            read line; echo "input $line"
            printf 'a\\nb'; echo c >&2; printf 'end'
            """
        let ranks = try ShellRanks(script, count: 3)
        #expect(try ranks.launcher.run().status == 0)
        for rank in 1...2 {
            let prefix = "[rank \(rank)] "
            #expect(
                ranks.messages.filter { $0.hasPrefix(prefix) }
                    == ["input ", "a", "bc", "end"].map { prefix + $0 })
        }
        #expect(ranks.messages.count == 8)
    }

    @Test func theVariablesReachTheRanks() throws {
        let ranks = try ShellRanks(
            "echo $RANK $WORLD_SIZE $LOCAL_RANK $MASTER_PORT $MOCA_LAUNCHER_PID > $T/env$RANK",
            count: 2)
        #expect(try ranks.launcher.run().status == 0)
        #expect(
            (0...1).map { ranks.text("env\($0)") } == (0...1).map { "\($0) 2 \($0) 1 \(getpid())" })
    }

    @Test func theStoreIsServed() throws {
        let store = try ServedStore.loopback()
        #expect((1...65_535).contains(store.port))
        let client = try RankStore(
            .init(host: "127.0.0.1", port: store.port), serves: false, timeout: .seconds(20))
        try client.set("key", to: "value")
        let other = try RankStore(
            .init(host: "127.0.0.1", port: store.port), serves: false, timeout: .seconds(20))
        #expect(try other.value(of: "key") == "value")
    }
}
