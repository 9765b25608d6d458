import Testing

@testable import MoCaRanks

/// The decisions of a launcher, without processes and clocks.
@Suite struct LaunchAttemptTests {
    private let start = ContinuousClock.now
    private static let lost = RankEnd.exited(69)
    private static let interrupted = RankEnd.exited(75)
    private static let killed = RankEnd.killed(signal: 9)

    private func time(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

    private func attempt(_ processCount: Int = 4) -> LaunchAttempt {
        LaunchAttempt(processCount: processCount, grace: .seconds(15))
    }

    @Test func success() {
        var attempt = attempt(2)
        attempt.record(.exited(0), of: 1, at: time(0))
        #expect(attempt.running == [0])
        // The others may take as long as they need.
        #expect(!attempt.isDue(at: time(1e6)))
        attempt.record(.exited(0), of: 0, at: time(1e6))
        #expect(attempt.running.isEmpty && attempt.cause == nil)
    }

    @Test func aFailureEndsTheOthersAndThenKillsThem() {
        var attempt = attempt()
        attempt.record(Self.killed, of: 2, at: time(0))
        #expect(!attempt.isDue(at: time(0.1)))
        #expect(attempt.isDue(at: time(0.2)))
        #expect(attempt.nextAction(at: time(0.2)) == .terminate)
        #expect(attempt.nextAction(at: time(0.2)) == nil)
        #expect(!attempt.isDue(at: time(15.1)))
        #expect(attempt.nextAction(at: time(15.3)) == .kill)
        #expect(attempt.nextAction(at: time(100)) == nil)
        for rank in [0, 1, 3] { attempt.record(Self.killed, of: rank, at: time(16)) }
        #expect(attempt.running.isEmpty)
        #expect(attempt.cause == RankFailure(rank: 2, end: Self.killed))
    }

    /// Whoever loses the rank at fault ends with 69, and may be seen before it.
    @Test func aLostPeerIsNoCause() {
        var attempt = attempt()
        attempt.record(Self.lost, of: 1, at: time(0))
        attempt.record(Self.killed, of: 2, at: time(0.05))
        attempt.record(Self.lost, of: 3, at: time(0.06))
        #expect(attempt.nextAction(at: time(0.2)) == .terminate)
        attempt.record(.exited(70), of: 0, at: time(1))
        #expect(attempt.cause == RankFailure(rank: 2, end: Self.killed))
    }

    @Test func withoutAnotherStatusTheFirstIsTheCause() {
        var attempt = attempt()
        attempt.record(Self.lost, of: 3, at: time(0))
        attempt.record(Self.lost, of: 0, at: time(0))
        #expect(attempt.cause == RankFailure(rank: 3, end: Self.lost))
    }

    /// What comes after SIGTERM is a consequence of it.
    @Test func laterFailuresAreNoCause() {
        var attempt = attempt(2)
        attempt.record(Self.lost, of: 1, at: time(0))
        #expect(attempt.nextAction(at: time(1)) == .terminate)
        attempt.record(.killed(signal: 15), of: 0, at: time(1.1))
        #expect(attempt.cause == RankFailure(rank: 1, end: Self.lost))
    }

    /// A rank may still save when another has already ended: it is neither hurried nor killed.
    @Test func anInterruptionHasNoGracePeriod() {
        var attempt = attempt()
        attempt.recordSignal()
        attempt.record(Self.interrupted, of: 1, at: time(0))
        #expect(attempt.nextAction(at: time(0.2)) == nil)
        #expect(!attempt.isDue(at: time(1e6)))
        // One that fails instead of saving ends the patience.
        attempt.record(.exited(74), of: 2, at: time(5))
        #expect(attempt.nextAction(at: time(5.2)) == nil)
        #expect(attempt.nextAction(at: time(20.3)) == .kill)
        #expect(attempt.cause == RankFailure(rank: 1, end: Self.interrupted))
    }

    /// SIGTERM that somebody sent to one rank reaches the others, once.
    @Test func anInterruptionOfOneRankIsPassedOn() {
        var attempt = attempt()
        attempt.record(Self.interrupted, of: 1, at: time(0))
        #expect(attempt.nextAction(at: time(0.2)) == .terminate)
        attempt.record(Self.interrupted, of: 2, at: time(3))
        #expect(!attempt.isDue(at: time(1e6)))
    }
}

@Suite struct RankEndTests {
    @Test func waitStatuses() {
        #expect(RankEnd(waitStatus: 0) == .exited(0))
        #expect(RankEnd(waitStatus: 69 << 8) == .exited(69))
        #expect(RankEnd(waitStatus: 255 << 8) == .exited(255))
        #expect(RankEnd(waitStatus: 9) == .killed(signal: 9))
        // With a core dump.
        #expect(RankEnd(waitStatus: 11 | 0x80) == .killed(signal: 11))
        #expect(RankEnd.killed(signal: 9).status == 137)
        #expect(RankEnd.exited(69).status == 69)
    }

    @Test(arguments: [1, 69, 70, 71, 74, 134, 137, 139])
    func aFailureThatMayPass(status: Int32) {
        #expect(RankEnd.exited(status).isWorthRestarting)
    }

    @Test(arguments: [0, 64, 65, 66, 73, 75, 77, 78, 130, 143])
    func aFailureThatStays(status: Int32) {
        #expect(!RankEnd.exited(status).isWorthRestarting)
    }

    @Test func signalsThatMayPass() {
        for signal: Int32 in [6, 7, 9, 11] {
            #expect(RankEnd.killed(signal: signal).isWorthRestarting)
        }
        for signal: Int32 in [1, 2, 3, 15] {
            #expect(!RankEnd.killed(signal: signal).isWorthRestarting)
        }
    }

    @Test func messages() {
        func message(_ end: RankEnd, wasInterrupted: Bool = false) -> String? {
            RankLauncher.Outcome(
                failure: RankFailure(rank: 2, end: end), restartCount: 0,
                wasInterrupted: wasInterrupted
            ).message
        }
        #expect(
            message(.killed(signal: 9))
                == "rank 2 was killed by signal 9 (SIGKILL); the system may have run out of memory "
                + "(its log says so), or a scheduler ended the process")
        #expect(
            message(.killed(signal: 11))
                == "rank 2 was killed by signal 11 (SIGSEGV); the program failed inside a library: "
                + "report its last lines")
        #expect(
            message(.exited(69))
                == "rank 2 ended with status 69; it lost another rank or a device: its last lines say "
                + "which")
        #expect(message(.exited(65)) == "rank 2 ended with status 65; its last lines say why")
        #expect(
            message(.killed(signal: 63))
                == "rank 2 was killed by signal 63 (unknown); its last lines say why")
        #expect(message(.exited(75)) == nil)
        #expect(message(.killed(signal: 2), wasInterrupted: true) == nil)
    }
}
