// `moca evaluate report`: rewrites the report of an evaluation from its files.

import ArgumentParser
import Foundation
import MoCaEvaluation
import MoCaReport

/// Writes `report.html` and `report.md` into an evaluation's folder.
struct EvaluateReportCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write the report of an evaluation anew, from its files alone.",
        discussion: """
            Queries and candidates are shown as far as the data is still where it was. Heat-maps \
            need the model: the evaluation itself writes them.
            """)

    @Argument(help: ArgumentHelp("What `moca evaluate` wrote.", valueName: "dir"))
    var evaluation: String

    @OptionGroup var verbosity: VerbosityOptions

    func run() async throws {
        try requireFile(evaluation, "<dir>")
        try requireWritableFolder(evaluation)
        let folder = URL(fileURLWithPath: evaluation, isDirectory: true)
        let scores = try Scores(contentsOf: folder.appending(path: Scores.fileName))
        let page = EvaluationPage(
            scores, in: folder, pictures: ReportPictures(warn: Message.warn))
        print(try await page.write().path)
    }
}
