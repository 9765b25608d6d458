import Foundation
import Testing

@testable import MoCaRunLog

/// The figures of each process in a row of metrics.jsonl.
@Suite struct RankFiguresTests {
    private static var row: MetricsRow {
        var ranks = [RankFigures(), RankFigures()]
        ranks[0].computingSeconds = 3
        ranks[0].dataWaitSeconds = 1
        ranks[0].exchangeSeconds = 4
        ranks[0].peakMemoryBytes = 4_000_000_000
        ranks[1].computingSeconds = 6
        ranks[1].dataWaitSeconds = 1
        ranks[1].checkpointStallSeconds = 1
        ranks[1].peakMemoryBytes = 2000
        ranks[1].devicePeakMemoryBytes = 5
        var row = MetricsRow(step: 4)
        row.setRanks(ranks)
        return row
    }

    private static let scalars =
        #""world_size": 2, "rank_wait_share": 0.25, "slowest_rank": 1"#
    private static let arrays =
        #""rank_computing_seconds": [3.0, 6.0], "rank_data_wait_seconds": [1.0, 1.0], "#
        + #""rank_checkpoint_stall_seconds": [0.0, 1.0], "rank_exchange_seconds": [4.0, 0.0], "#
        + #""rank_peak_memory_bytes": [4000000000, 2000], "#
        + #""rank_device_peak_memory_bytes": [null, 5]"#

    @Test func whatIsWrittenIsReadAgain() throws {
        let row = Self.row
        #expect(row.jsonLine.contains(Self.scalars) && row.jsonLine.contains(Self.arrays))
        let again = try JSONDecoder().decode(MetricsRow.self, from: Data(row.jsonLine.utf8))
        #expect(again.ranks == row.ranks && again.jsonLine == row.jsonLine)
        #expect(again.worldSize == 2 && again.rankWaitShare == 0.25 && again.slowestRank == 1)
        #expect(again.terms.isEmpty)
        let figures = row.ranks.map { RankFigures(numbers: $0.numbers) }
        #expect(figures == row.ranks)
    }

    /// Without a device no rank has memory of one, and a run of one process has no ranks.
    @Test func whatIsNotThereIsLeftOut() {
        var row = Self.row
        row.setRanks(row.ranks.map { RankFigures(numbers: $0.numbers.dropLast()) })
        #expect(!row.jsonLine.contains("rank_device"))
        #expect(!MetricsRow(step: 1).jsonLine.contains("rank"))
        #expect(!MetricsRow(step: 1).jsonLine.contains("world_size"))
    }

    @Test func everyRankIsAScalar() {
        let values = Self.row.eventValues.filter { $0.tag.hasPrefix("rank_") }
        let tags = values.map(\.tag)
        #expect(tags.contains("rank_exchange_seconds/0") && tags.contains("rank_wait_share"))
        #expect(tags.filter { $0.hasPrefix("rank_device") } == ["rank_device_peak_memory_bytes/1"])
        let computing = values.filter { $0.tag.hasPrefix("rank_computing") }.map(\.value)
        #expect(computing == [.scalar(3), .scalar(6)])
        #expect(Self.row.eventValues.contains { $0.tag == "slowest_rank" })
    }

    @Test func timingsAreNamed() {
        for name in [
            "rank_wait_share", "slowest_rank", "rank_computing_seconds", "rank_exchange_seconds",
            "rank_peak_memory_bytes",
        ] {
            #expect(MetricsRow.timings.contains(name), "\(name)")
        }
        #expect(!MetricsRow.timings.contains("world_size"))
    }

    @Test func figuresAreAddedAndDivided() {
        let ranks = Self.row.ranks
        let sum = ranks[0] + ranks[1]
        #expect(sum.seconds == 16 && sum.exchangeSeconds == 4)
        #expect(sum.peakMemoryBytes == 4_000_000_000 && sum.devicePeakMemoryBytes == 5)
        #expect(sum.divided(by: 2).computingSeconds == 4.5)
        #expect([RankFigures]().slowest == nil && [ranks[0]].slowest == nil)
        #expect([RankFigures]().meanWaitShare == 0 && RankFigures().waitShare == 0)
        // The first of those that wait equally.
        #expect([ranks[0], ranks[1], ranks[1]].slowest == 1)
    }
}
