import Foundation
import MoCaRunLog
import MoCaTestSupport
import Testing

@testable import MoCaReport

/// The processes of a run as a section of its page.
@Suite struct RankSectionsTests {
    /// A run with a row for each number of processes; rank 1 is the slow one.
    private func run(
        _ worldSizes: [Int], in folder: URL, hasDevice: Bool = false, events: String = ""
    ) throws -> RunFolder {
        let lines = worldSizes.enumerated().map { index, count -> String in
            var row = MetricsRow(step: index + 1)
            (row.loss, row.terms) = (1, ["mlm_loss": 1])
            let ranks = (0..<count).map { rank in
                var figures = RankFigures()
                figures.computingSeconds = rank == 1 ? 9 : 3
                figures.dataWaitSeconds = rank == 1 ? 0.5 : 1
                figures.checkpointStallSeconds = rank == 1 ? 0 : 0.5
                figures.exchangeSeconds = rank == 1 ? 0.5 : 5.5
                figures.peakMemoryBytes = (index + 1) * 1_000_000_000
                figures.devicePeakMemoryBytes = hasDevice ? 70_000_000_000 : nil
                return figures
            }
            if count > 1 { row.setRanks(ranks) }
            return row.jsonLine + "\n"
        }
        try lines.joined().write(
            to: folder.appending(path: "metrics.jsonl"), atomically: true, encoding: .utf8)
        try events.write(
            to: folder.appending(path: "events.jsonl"), atomically: true, encoding: .utf8)
        return try RunFolder(folder)
    }

    private func parts(_ section: ReportSection) throws -> [ReportSection] {
        try #require(section.block as? [ReportSection])
    }

    /// The run went on with two processes after it had three.
    @Test func timesAndMemoryOfEachRankAreATable() throws {
        try withTemporaryFolder { folder in
            let run = try run([3, 2, 2], in: folder)
            let group = try #require(RunSections.group([run]).first)
            let section = try #require(group.rankSections(run).first)
            #expect(section.title == "Continual pre-training: processes")
            #expect(section.lead.hasPrefix("2 processes shared the work (steps 2 to 3)."))
            let parts = try parts(section)
            let table = try #require(parts[0].block as? ReportTable)
            #expect(
                table.columns == [
                    "Rank", "computing", "waiting for data", "waiting for checkpoints",
                    "waiting for others", "share of waiting, %", "logged steps as the slowest",
                    "most memory, GB",
                ])
            #expect(
                table.rows == [
                    ["0", "6.0", "2.0", "1.0", "11.0", "55.0", "0 of 2", "3.00"],
                    ["1", "18.0", "1.0", "0.0", "1.0", "5.0", "2 of 2", "3.00"],
                ])
            let chart = try #require((parts[1].block as? [LossChart])?.first)
            #expect(chart.curves.map(\.name) == ["mean", "rank 0", "rank 1"])
            #expect(chart.curves.map(\.points.count) == [3, 2, 2])
            #expect(abs(chart.curves[0].points[1].value - 0.3) < 1e-9)
            #expect(chart.curves[2].points.map(\.value) == [0.05, 0.05])
        }
    }

    @Test func devicesHaveAColumnAndManyRanksNoCurves() throws {
        try withTemporaryFolder { folder in
            let run = try run([8, 8], in: folder, hasDevice: true)
            let group = try #require(RunSections.group([run]).first)
            let parts = try parts(#require(group.rankSections(run).first))
            let table = try #require(parts[0].block as? ReportTable)
            #expect(table.columns.last == "most memory of the device, GB")
            #expect(table.rows.allSatisfy { $0.last == "70.00" } && table.rows.count == 8)
            let chart = try #require((parts[1].block as? [LossChart])?.first)
            #expect(chart.curves.map(\.name) == ["mean"])
        }
    }

    @Test func thePageNamesTheSlowRank() throws {
        try withTemporaryFolder { folder in
            let run = try run(
                [2, 2], in: folder,
                events: """
                    {"step": 2, "kind": "straggler", "text": "rank 1 on host x is slower"}

                    """)
            let group = try #require(RunSections.group([run]).first)
            let sections = try group.sections { _, _ in nil }
            #expect(sections.map(\.title).contains("Continual pre-training: processes"))
            #expect(!sections.map(\.title).contains("Continual pre-training: other figures"))
            let story = run.story.map(\.text)
            #expect(
                story.contains(
                    "It ran as 2 processes, which spent 30 % of the time in exchanges, waiting for "
                        + "slower ones included."))
            #expect(
                story.contains(
                    "Processes waited for a slower one once, at step 2: rank 1 on host x is "
                        + "slower."))
            let page = try PageReader(
                Report(title: "t", sections: [group.story] + sections).html())
            for text in ["waiting for others", "rank 1 on host x is slower", "straggler"] {
                #expect(page.texts.contains(text), "\(text)")
            }
        }
    }

    @Test func oneProcessHasNoSection() throws {
        try withTemporaryFolder { folder in
            let run = try run([1, 1], in: folder)
            let group = try #require(RunSections.group([run]).first)
            #expect(group.rankSections(run).isEmpty)
            let titles = try group.sections { _, _ in nil }.map(\.title)
            #expect(!titles.contains { $0.contains("processes") })
            #expect(!run.story.contains { $0.text.contains("processes") })
        }
    }
}
