// What a launcher does when a rank ends: a value without processes and clocks.

/// One start of all ranks, from the first process to the end of the last.
///
/// When a rank fails, the others would wait for it; they are ended, first by SIGTERM and after the
/// grace period by SIGKILL. Two things make this more than a line:
///
/// - A rank that loses its peers fails as well, milliseconds after the rank that is at fault, and may be
///   noticed first. Failures that happen nearly together are therefore collected, and one with another
///   status than 69 is the cause.
/// - A rank that was interrupted and has saved its state ends with status 75 while another may still be
///   writing. Such an end starts no grace period, and ranks that have received a signal receive no
///   second one, which would end them at once.
struct LaunchAttempt {
    /// A signal that is now due to all ranks that are still running.
    enum Action {
        case terminate, kill
    }

    /// The time within which failures count as one.
    static let settlingTime = Duration.milliseconds(200)

    private(set) var running: Set<Int>
    private let grace: Duration
    private var failures: [RankFailure] = []
    private var isEnding = false
    private var wereSignalled = false
    private var terminationTime: ContinuousClock.Instant?
    private var killTime: ContinuousClock.Instant?

    init(processCount: Int, grace: Duration) {
        running = Set(0..<processCount)
        self.grace = grace
    }

    /// The failure that ended the attempt; nil if every rank ended with status 0.
    var cause: RankFailure? {
        failures.first { !$0.end.mayBeConsequence } ?? failures.first
    }

    /// Records the end of a rank.
    mutating func record(_ end: RankEnd, of rank: Int, at now: ContinuousClock.Instant) {
        running.remove(rank)
        guard end.status != 0 else { return }
        if !isEnding {
            failures.append(RankFailure(rank: rank, end: end))
            terminationTime = terminationTime ?? now + Self.settlingTime
        }
        if !end.isInterruption { killTime = killTime ?? now + Self.settlingTime + grace }
    }

    /// Records that a signal was passed on to all ranks.
    mutating func recordSignal() { wereSignalled = true }

    /// Whether ``nextAction(at:)`` has something to say.
    func isDue(at now: ContinuousClock.Instant) -> Bool {
        [terminationTime, killTime].contains { $0.map { $0 <= now } ?? false }
    }

    /// The next signal that is due, which counts as sent.
    mutating func nextAction(at now: ContinuousClock.Instant) -> Action? {
        if let time = terminationTime, time <= now {
            terminationTime = nil
            isEnding = true
            if !wereSignalled {
                wereSignalled = true
                return .terminate
            }
        }
        guard let time = killTime, time <= now else { return nil }
        killTime = nil
        return .kill
    }
}
