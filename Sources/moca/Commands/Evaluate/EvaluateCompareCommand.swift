// `moca evaluate compare`: compares two evaluations query by query.

import ArgumentParser
import Foundation
import MoCaEvaluation
import MoCaReport

/// Prints the differences between two evaluations.
struct EvaluateCompareCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare two evaluations of the same sets, query by query.",
        discussion: """
            A and B are folders that `moca evaluate` wrote. Differences are B - A, with 95 % \
            intervals of a paired bootstrap; p is how often no difference would give one like it. \
            Evaluations of other inputs or judgements are refused; other prompts are listed.
            """)

    @Argument(help: ArgumentHelp("The first evaluation.", valueName: "a"))
    var first: String

    @Argument(help: ArgumentHelp("The second evaluation.", valueName: "b"))
    var second: String

    @Option(help: "Queries of the greatest gains and losses that are listed, a set.")
    var examples = 3

    @Flag(help: "Print one JSON object.")
    var json = false

    @Option(
        help: ArgumentHelp(
            "Also write a page with the examples and their pictures.", valueName: "file"))
    var html: String?

    @Option(help: ArgumentHelp("Also write the page as Markdown.", valueName: "file"))
    var markdown: String?

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard (0...10_000).contains(examples) else {
            throw ValidationError("--examples must be in 0...10000, not \(examples).")
        }
    }

    func run() throws {
        for (path, name) in [(first, "<a>"), (second, "<b>")] { try requireFile(path, name) }
        for path in [html, markdown].compactMap({ $0 }) { try requireWritableFile(path) }
        let folders = [first, second].map { URL(fileURLWithPath: $0, isDirectory: true) }
        let comparison = try Comparison(folders[0], folders[1], exampleCount: examples)
        if html != nil || markdown != nil {
            let page = try ComparisonPage(
                comparison, a: folders[0], b: folders[1],
                pictures: ReportPictures(warn: Message.warn))
            let report = try page.report()
            if let html { try report.write(to: URL(fileURLWithPath: html)) }
            if let markdown { try report.writeMarkdown(to: URL(fileURLWithPath: markdown)) }
        }
        if json { return try Message.printJSON(comparison) }
        for line in comparison.lines { print(line) }
    }
}
