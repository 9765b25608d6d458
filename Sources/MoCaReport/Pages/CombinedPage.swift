// Runs, scores, searches and reconstructions on one page.

package import Foundation
import MoCaCore
import MoCaTraining

/// The page of `moca report`.
package struct CombinedPage {
    package var title: String
    package var subtitle: String
    /// The paths of run folders.
    package var runs: [String] = []
    package var scores: [LabelledFile] = []
    /// The paths of files that `SearchLines` reads.
    package var searches: [String] = []
    /// The folder of reconstructions; nil for none.
    package var reconstructions: URL?

    package init(title: String, subtitle: String) {
        self.title = title
        self.subtitle = subtitle
    }

    /// Reads everything, and makes the page.
    ///
    /// - Parameter warn: receives a message about everything that cannot be shown.
    /// - Throws: `RunLogError`, `EvaluationError`, `ReportError`.
    package func report(warn: @escaping (String) -> Void) throws -> Report {
        let pictures = ReportPictures(warn: warn)
        let trained = try TrainedRuns(runs, pictures: pictures, warn: warn)
        let stages = RunSections.group(trained.folders)
        let table = try ScoreColumns(scores)
        var sections: [ReportSection] = []
        let headline = Summary(figures: table.figures + stages.flatMap(\.figures))
        if !headline.figures.isEmpty {
            sections.append(ReportSection("Headline", lead: table.lead, headline))
        }
        sections += stages.map(\.story)
        if !scores.isEmpty {
            sections.append(
                ReportSection("Scores", lead: table.explanation, table.table))
        }
        let cards = try searches.flatMap {
            try SearchLines(URL(fileURLWithPath: $0)).cards(pictures)
        }
        if !cards.isEmpty {
            sections.append(
                ReportSection("Searches", lead: SearchLines.explanation, cards))
        }
        for stage in stages { sections += try stage.sections(trained.content) }
        if let reconstructions {
            let list = try ReconstructionList(in: reconstructions)
            sections.append(
                ReportSection(
                    "Masked and reconstructed patches", lead: list.explanation,
                    try list.rows(in: reconstructions)))
        }
        let day = Date.now.formatted(.iso8601.year().month().day())
        return Report(
            title: title, subtitle: subtitle, sections: sections,
            footer: "moca \(ProgramVersion.current), \(day)")
    }
}
