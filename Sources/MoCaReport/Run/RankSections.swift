// The processes of a run: where each one's time went, and its memory.

import MoCaRunLog

extension RunSections {
    /// The largest number of processes whose curves a chart still tells apart.
    private static let curveCountMax = 5

    /// The processes of one run; empty for a run of one process.
    func rankSections(_ run: RunFolder) -> [ReportSection] {
        let all = run.metrics.rows.filter { $0.ranks.count > 1 }
        guard let count = all.last?.ranks.count else { return [] }
        // A run may go on with another number of processes.
        let rows = all.filter { $0.ranks.count == count }
        let steps = "steps \(rows[0].step) to \(rows[rows.count - 1].step)"
        return [
            ReportSection(
                "\(title): processes\(suffix(run))",
                lead: "\(count) processes shared the work (\(steps)). The one that waits for "
                    + "others the least is the slowest: they wait for it. Waiting includes what "
                    + "exchanges take; the exchange in a backward pass counts as computing.",
                [
                    ReportSection("Seconds and memory of each process", rankTable(rows)),
                    ReportSection(
                        "Waiting for other processes", [waitingChart(run, rows, count)]),
                ])
        ]
    }

    private func rankTable(_ rows: [MetricsRow]) -> ReportTable {
        let count = rows[0].ranks.count
        let sums = (0..<count).map { rank in
            rows.reduce(RankFigures()) { $0 + $1.ranks[rank] }
        }
        let hasDevices = sums.contains { $0.devicePeakMemoryBytes != nil }
        let columns =
            [
                "Rank", "computing", "waiting for data", "waiting for checkpoints",
                "waiting for others", "share of waiting, %", "logged steps as the slowest",
                "most memory, GB",
            ] + (hasDevices ? ["most memory of the device, GB"] : [])
        let lines = sums.enumerated().map { rank, sum -> [String] in
            let slowest = rows.count { $0.slowestRank == rank }
            let seconds = [
                sum.computingSeconds, sum.dataWaitSeconds, sum.checkpointStallSeconds,
                sum.exchangeSeconds,
            ].map { $0.fixed(1) }
            return ["\(rank)"] + seconds
                + ["\((100 * sum.waitShare).fixed(1))", "\(slowest) of \(rows.count)"]
                + [Self.gigabytes(sum.peakMemoryBytes)]
                + (hasDevices ? [Self.gigabytes(sum.devicePeakMemoryBytes)] : [])
        }
        return ReportTable(columns, rows: lines, cells: .numbers)
    }

    private static func gigabytes(_ bytes: Int?) -> String {
        bytes.map { (Double($0) / 1e9).fixed(2) } ?? "n/a"
    }

    /// The share of waiting over the steps: the mean, and each process's if they are few.
    private func waitingChart(_ run: RunFolder, _ rows: [MetricsRow], _ count: Int) -> LossChart {
        let mean = Curve("mean", points: run.points(\.rankWaitShare))
        let each = count > Self.curveCountMax ? 0..<0 : 0..<count
        let curves = each.map { rank in
            Curve(
                "rank \(rank)",
                points: rows.map { .init(step: $0.step, value: $0.ranks[rank].waitShare) })
        }
        return LossChart(curves: [mean] + curves, valueName: "share of the time in exchanges")
    }
}
