// Token counts as a page.

package import Foundation
import MoCaCore
package import MoCaDataCheck

/// The page of `moca data stats --html`.
package struct StatisticsPage {
    package let subsets: [StatisticsSummary]
    package let total: StatisticsSummary
    package let plan: BatchPlan?

    package init(
        subsets: [StatisticsSummary],
        total: StatisticsSummary,
        plan: BatchPlan?
    ) {
        self.subsets = subsets
        self.total = total
        self.plan = plan
    }

    /// - Parameters:
    ///   - source: the recipe or the folders.
    ///   - model: the model whose tokenizer counts; nil if there is none.
    ///   - images: the folder that relative image paths are resolved against.
    ///   - maxLength: the maximum number of tokens of a content; nil for no limit.
    package func report(source: String, model: URL?, images: URL, maxLength: Int?) -> Report {
        var settings = [Summary.Setting("Images", images.path)]
        if let model { settings.insert(.init("Model", model.path), at: 0) }
        settings.append(
            .init("Longest content", maxLength.map { "\($0) tokens" } ?? "not limited"))
        var sections = [
            ReportSection(
                "Counts",
                lead: "As training sees the records: after prompts, smart resize and "
                    + "truncation.", Summary(figures: figures, settings: settings)),
            ReportSection(
                "Spread",
                lead: "How many records, contents or images lie in each range; the last "
                    + "range goes on to the largest value.",
                total.distributions.map { Self.histogram($0.name, $0.values) }),
            ReportSection("Subsets", table),
        ]
        if subsets.count > 1 {
            sections.append(
                ReportSection(
                    "Cost of a record by subset",
                    subsets.map { Self.histogram($0.name, $0.cost) }))
        }
        if let plan { sections.append(contentsOf: Self.sections(plan)) }
        return Report(
            title: "Token counts", subtitle: source, sections: sections,
            footer: "MoCa for Swift \(ProgramVersion.current)")
    }

    private var figures: [Summary.Figure] {
        var figures = [
            Summary.Figure(
                "\(total.records)", "records",
                note: "in \(NumberText.counted(subsets.count, "subset"))"),
            Summary.Figure("\(total.textTokens.sum)", "text tokens"),
            Summary.Figure(
                "\(total.imageTokens.sum)", "image tokens",
                note: "of \(NumberText.counted(total.images.sum, "image"))"),
            Summary.Figure(
                "\(total.contentTokens.max)", "tokens of the longest content",
                note: "median \(total.contentTokens.p50)"),
        ]
        if total.failed > 0 {
            figures.append(
                Summary.Figure(
                    "\(total.failed)", "could not be counted", note: total.firstFailure ?? ""))
        }
        return figures
    }

    private var table: ReportTable {
        ReportTable(
            [
                "Subset", "records", "failed", "text tokens", "image tokens", "images",
                "cost, median",
                "cost, p95", "longest content",
            ],
            rows: (subsets + [total]).map { subset in
                let cells = [
                    subset.records, subset.failed, subset.textTokens.sum, subset.imageTokens.sum,
                    subset.images.sum, subset.cost.p50, subset.cost.p95, subset.contentTokens.max,
                ]
                return [subset.name] + cells.map(String.init)
            }, cells: .numbers)
    }

    private static func sections(_ plan: BatchPlan) -> [ReportSection] {
        var figures = [
            Summary.Figure("\(plan.batches)", "batches of an epoch"),
            Summary.Figure(
                NumberText.decimal(plan.recordsPerBatch, digits: 1), "records of a batch"),
        ]
        if let fill = plan.fill {
            figures.append(
                Summary.Figure(
                    "\(NumberText.decimal(100 * fill, digits: 1)) %", "of the token budget used"))
        }
        if plan.overBudget > 0 {
            figures.append(
                Summary.Figure(
                    "\(plan.overBudget)", "records over the budget", note: "training refuses them"))
        }
        let rows = plan.subsets.map {
            [$0.name, "\($0.records)", NumberText.decimal($0.batches, digits: 1)]
        }
        return [
            ReportSection("Plan of an epoch", Summary(figures: figures)),
            ReportSection(
                "Batches by subset",
                ReportTable(["Subset", "records", "batches"], rows: rows, cells: .numbers)),
        ]
    }

    private static func histogram(_ name: String, _ values: Distribution) -> Histogram {
        Histogram(
            name,
            note: "\(NumberText.counted(values.count, "value")), median \(values.p50), mean "
                + "\(NumberText.decimal(values.mean, digits: 1)), p95 \(values.p95), p99 \(values.p99), largest "
                + "\(values.max)",
            bars: values.histogram.map { bin in
                .init(
                    bin.low == bin.high ? "\(bin.low)" : "\(bin.low)-\(bin.high)", count: bin.count)
            })
    }
}
