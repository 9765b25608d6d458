// Runs of one stage, alone or compared, as sections of a report.

import MoCaRunLog
package import MoCaTraining

/// The runs of one stage, which share their charts.
package struct RunSections: Sendable {
    package let stage: Recipe.Stage
    package let runs: [RunFolder]
    /// Returns a record of the data as shown: a query or one of its documents; nil if unavailable.
    package typealias Lookup = (RunFolder, RecordSide) throws -> ReportContent?

    /// One side of a record of contrastive data.
    package struct RecordSide: Sendable, Hashable {
        /// The record's id, such as `WordNet#17`.
        package var record: String
        /// The document's index: 0 is the positive, negatives start at 1; nil is the query.
        package var document: Int?
    }

    /// The runs by stage, pre-training first; a number is appended to repeated run names.
    package static func group(_ runs: [RunFolder]) -> [RunSections] {
        var seen: [String: Int] = [:]
        let named = runs.map { run in
            var run = run
            seen[run.name, default: 0] += 1
            if let number = seen[run.name], number > 1 { run.name += " (\(number))" }
            return run
        }
        return Recipe.Stage.allCases.compactMap { stage in
            let members = named.filter { $0.stage == stage }
            return members.isEmpty ? nil : RunSections(stage: stage, runs: members)
        }
    }

    var title: String {
        stage == .pretrain ? "Continual pre-training" : "Contrastive fine-tuning"
    }

    /// The name of the section's run in parentheses, if there are several runs.
    func suffix(_ run: RunFolder) -> String { runs.count == 1 ? "" : " (\(run.name))" }

    /// The mean of the last tenth of the logged losses, for each of at most three runs.
    package var figures: [Summary.Figure] {
        guard runs.count <= 3 else { return [] }
        return runs.compactMap { run in
            guard let first = run.points(\.loss).first, let end = run.endLoss else { return nil }
            return Summary.Figure(
                end.fixed(2), "Loss of \(run.name)",
                note: "from \(first.value.fixed(2)) in \(run.lastStep) steps")
        }
    }

    /// A summary of the runs in sentences.
    package var story: ReportSection {
        ReportSection(
            runs.count == 1 ? "\(title): what happened" : "\(title): what happened in each run",
            runs.flatMap(\.story))
    }

    /// All sections after the story.
    ///
    /// - Throws: the errors of `lookup`; `ReportError`.
    package func sections(_ lookup: Lookup) throws -> [ReportSection] {
        var sections = lossSections + taskSections + chartSections
        sections += [eventSection].compactMap { $0 }
        for run in runs {
            sections += rankSections(run)
            sections += try healthSections(run, lookup)
            sections += try reconstructionSections(run)
        }
        return sections + recipeSections
    }

    // MARK: Events

    private var eventSection: ReportSection? {
        let rows = runs.flatMap { run in
            run.events.map { event in
                (runs.count == 1 ? [] : [run.name])
                    + ["\(event.step)", event.kind.rawValue, event.text ?? ""]
            }
        }
        guard !rows.isEmpty else { return nil }
        return ReportSection(
            "\(title): events",
            ReportTable(
                (runs.count == 1 ? [] : ["Run"]) + ["Step", "Event", "What is known"],
                rows: rows))
    }

    // MARK: Recipes

    private var recipeSections: [ReportSection] {
        let known = runs.filter { !$0.settings.isEmpty }
        guard let first = known.first else { return [] }
        guard known.count > 1 else {
            return [
                ReportSection(
                    "\(title): recipe\(suffix(first))",
                    lead: "Every key with its value, also those that the file left out.",
                    ReportTable(
                        ["Key", "Value"], rows: first.settings.map { [$0.key, $0.value] },
                        isFolded: true))
            ]
        }
        let keys = known.flatMap { $0.settings.map(\.key) }.reduce(into: [String]()) {
            if !$0.contains($1) { $0.append($1) }
        }
        let rows = keys.map { key in [key] + known.map { $0.setting(key) ?? "-" } }
        let different = rows.filter { Set($0.dropFirst()).count > 1 }
        let columns = ["Key"] + known.map(\.name)
        return [
            ReportSection(
                "\(title): recipes compared",
                lead: different.isEmpty
                    ? "The recipes are equal." : "Keys whose values differ between the runs.",
                ReportTable(columns, rows: different)),
            ReportSection(
                "\(title): recipes",
                ReportTable(columns, rows: rows, isFolded: true)),
        ]
    }

    // MARK: Reconstructions

    private static let stepCountMax = 6

    private func reconstructionSections(_ run: RunFolder) throws -> [ReportSection] {
        let images = Set(run.reconstructions.map(\.imageIndex)).sorted()
        let series = try images.compactMap { index in
            try ReconstructionSeries(
                run.reconstructions.filter { $0.imageIndex == index }, in: run.folder,
                stepCountMax: Self.stepCountMax)
        }
        guard !series.isEmpty else { return [] }
        return [
            ReportSection(
                "Masked patches as training goes\(suffix(run))",
                lead: "The same pictures with the same masks at several steps. The error is of "
                    + "normalised pixels; filling in the mean of the visible patches costs what "
                    + "stands under the masked picture.", series)
        ]
    }
}
