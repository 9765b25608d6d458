import MoCaRunLog
import Testing

@testable import MoCaTraining

/// Which rank slows down the others, and when that is reported.
@Suite struct StragglerTests {
    /// The figures of ranks that compute for `computing` seconds each and wait for the slowest.
    private func interval(_ computing: [Double], data: Double = 0) -> [RankFigures] {
        let longest = computing.max() ?? 0
        return computing.map { seconds in
            var figures = RankFigures()
            figures.computingSeconds = seconds
            figures.dataWaitSeconds = data
            // Transfers take a second.
            figures.exchangeSeconds = longest - seconds + 1
            return figures
        }
    }

    /// The intervals, counted from 1, after which a straggler is reported, and its rank.
    private func reports(_ intervals: [[RankFigures]]) -> [[Int]] {
        var watch = StragglerWatch()
        return intervals.enumerated().compactMap { index, ranks in
            watch.straggler(after: ranks).map { [index + 1, $0.rank] }
        }
    }

    @Test func aSlowRankIsReportedOnce() {
        let slow = interval([6, 6, 9, 6])
        #expect(reports([slow, slow]) == [])
        #expect(reports([slow, slow, slow, slow, slow]) == [[3, 2]])
        // Again after an interval in which it was none.
        let even = interval([9, 9, 9, 9])
        #expect(reports([slow, slow, slow, even, slow, slow, slow, slow]) == [[3, 2], [7, 2]])
        // Another one is another report.
        let other = interval([9, 6, 6, 6])
        #expect(reports([slow, slow, slow, other, other, other]) == [[3, 2], [6, 0]])
    }

    @Test func differentRanksAreNoStraggler() {
        let intervals = (0..<9).map { number in
            interval((0..<3).map { $0 == number % 3 ? 9 : 5 })
        }
        #expect(reports(intervals) == [])
    }

    /// 20 % of the others' time, without what exchanges take themselves.
    @Test func waitingHasAThreshold() {
        let below = interval([8.1, 8.1, 10])
        #expect(reports(Array(repeating: below, count: 5)) == [])
        let above = interval([7.5, 7.5, 10])
        #expect(reports(Array(repeating: above, count: 5)) == [[3, 2]])
    }

    /// Three short intervals say little.
    @Test func shortIntervalsAreTakenTogether() {
        let short = interval([0.1, 1.1])
        #expect(reports(Array(repeating: short, count: 12)) == [[5, 1]])
    }

    @Test func oneProcessHasNone() {
        #expect(Straggler([]) == nil && Straggler(interval([4])) == nil)
        var watch = StragglerWatch()
        for _ in 0..<5 { #expect(watch.straggler(after: []) == nil) }
    }

    @Test func theTextSaysWhy() throws {
        var ranks = interval([55, 80, 55], data: 1)
        ranks[1].dataWaitSeconds = 25
        ranks[1].checkpointStallSeconds = 3
        var straggler = try #require(Straggler(ranks))
        #expect(straggler.rank == 1)
        #expect(
            straggler.text(host: "x")
                == "rank 1 on host x is slower: the others waited 30 % of the time for it (data "
                + "25 s, others 1 s; computing 80 s, others 55 s; checkpoints 3 s, others 0 s)")
        ranks[1].checkpointStallSeconds = 0
        straggler = try #require(Straggler(ranks))
        straggler.add(straggler)
        #expect(
            straggler.text(host: nil)
                == "rank 1 is slower: the others waited 30 % of the time for it (data 50 s, others "
                + "2 s; computing 160 s, others 110 s)")
    }

    // MARK: Where the time went

    @Test func theMeterDividesItsTime() {
        var state = TrainingState(recipe: "")
        var meter = ThroughputMeter(state, exchangeTime: .seconds(5))
        meter.waited = .seconds(2)
        meter.stalled = .seconds(3)
        // What an evaluation exchanges is not the training's.
        meter.pass(.zero, exchanging: .seconds(1))
        state.tokenCount = 10
        let first = meter.read(state, exchangeTime: .seconds(10))
        #expect(first.seconds.dataWaitSeconds == 2 && first.seconds.checkpointStallSeconds == 3)
        #expect(first.seconds.exchangeSeconds == 4)
        // The clock has hardly moved.
        #expect(first.seconds.computingSeconds == 0 && first.tokensPerSecond > 0)
        let second = meter.read(state, exchangeTime: .seconds(10))
        #expect(second.seconds.exchangeSeconds == 0 && second.tokensPerSecond == 0)
        #expect(second.seconds.dataWaitSeconds == 0 && second.seconds.computingSeconds > 0)
    }
}
