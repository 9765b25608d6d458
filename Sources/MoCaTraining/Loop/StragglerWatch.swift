// Finds a process that slows down all others of a run.

import MoCaCore
package import MoCaRunLog

/// A rank for which the others wait, over one or more logged intervals.
package struct Straggler: Sendable, Hashable {
    package var rank: Int
    /// The time of the rank, in seconds.
    package var own: RankFigures
    /// The mean time of the other ranks, in seconds.
    package var others: RankFigures

    /// Finds the rank that waited least; nil with fewer than two ranks.
    init?(_ ranks: [RankFigures]) {
        guard let slowest = ranks.slowest else { return nil }
        (rank, own) = (slowest, ranks[slowest])
        let sum = ranks.indices.filter { $0 != slowest }.reduce(RankFigures()) { $0 + ranks[$1] }
        others = sum.divided(by: Double(ranks.count - 1))
    }

    /// The mean fraction of their time that the other ranks waited for this one. What this one
    /// spends in exchanges is not waiting, but what exchanges themselves take.
    package var waitShare: Double {
        let seconds = others.seconds
        return seconds > 0 ? max(0, others.exchangeSeconds - own.exchangeSeconds) / seconds : 0
    }

    /// Adds a later interval with the same rank.
    mutating func add(_ later: Straggler) {
        own = own + later.own
        others = others + later.others
    }

    /// The event's text, such as `rank 3 on host x is slower: the others waited 31 % of the time
    /// for it (data 25 s, others 1 s; computing 80 s, others 79 s)`.
    ///
    /// - Parameter host: The host of the rank; nil if it is not known.
    package func text(host: String?) -> String {
        let place = host.map { "rank \(rank) on host \($0)" } ?? "rank \(rank)"
        let causes = [
            ("data", own.dataWaitSeconds, others.dataWaitSeconds),
            ("computing", own.computingSeconds, others.computingSeconds),
            ("checkpoints", own.checkpointStallSeconds, others.checkpointStallSeconds),
        ].filter { max($0.1, $0.2) >= 0.5 }.map { name, own, others in
            "\(name) \(NumberText.decimal(own, digits: 0)) s, others "
                + "\(NumberText.decimal(others, digits: 0)) s"
        }.joined(separator: "; ")
        let percent = NumberText.decimal(100 * waitShare, digits: 0)
        return "\(place) is slower: the others waited \(percent) % of the time for it"
            + (causes.isEmpty ? "" : " (\(causes))")
    }
}

/// Reports a straggler: the rank for which the others waited too long in several logged intervals
/// in a row. It is reported once, and again only after an interval in which it was none.
struct StragglerWatch: Sendable, Hashable {
    /// The fraction of the others' time above which a rank is a straggler.
    static let shareMin = 0.2
    /// The number of logged intervals in a row.
    static let intervalCountMin = 3
    /// The seconds that these intervals take together: shorter ones say little.
    static let secondsMin = 10.0

    /// The intervals in a row in which one rank was a straggler, taken together.
    private var current: Straggler?
    private var count = 0
    private var isReported = false

    /// Adds an interval; returns the straggler if it is to be reported now.
    mutating func straggler(after ranks: [RankFigures]) -> Straggler? {
        guard let latest = Straggler(ranks), latest.waitShare > Self.shareMin else {
            self = StragglerWatch()
            return nil
        }
        if var known = current, known.rank == latest.rank {
            known.add(latest)
            (current, count) = (known, count + 1)
        } else {
            (current, count, isReported) = (latest, 1, false)
        }
        guard let current, !isReported, count >= Self.intervalCountMin,
            current.others.seconds >= Self.secondsMin
        else { return nil }
        isReported = true
        return current
    }
}
