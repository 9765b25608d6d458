// `moca evaluate compare`: compares two evaluations query by query.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaEvaluation
import MoCaReport
import MoCaSettings

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
        for line in lines(comparison) { print(line) }
    }

    private func lines(_ comparison: Comparison) -> [String] {
        var rows = [["set", "measure", "A", "B", "B - A", "95 %", "p", "better", "worse", "same"]]
        for (name, set) in comparison.sets.sorted(by: { $0.key < $1.key }) {
            rows.append(
                [name] + cells(set.mean) + [set.wins, set.losses, set.ties].map(String.init))
        }
        for (name, group) in comparison.groups.sorted(by: { $0.key < $1.key }) {
            rows.append(["= \(name)"] + cells(group) + ["", "", ""])
        }
        var lines = TextTable.lines(rows)
        for (name, set) in comparison.sets.sorted(by: { $0.key < $1.key }) {
            lines += set.gained.map { "\(name): better on \(text($0))" }
            lines += set.lost.map { "\(name): worse on \(text($0))" }
        }
        for (names, which) in [(comparison.onlyInA, "A"), (comparison.onlyInB, "B")]
        where !names.isEmpty {
            lines.append("only in \(which), left out: \(names.joined(separator: ", "))")
        }
        for (name, values) in comparison.settings.sorted(by: { $0.key < $1.key }) {
            let texts = values.map { $0?.description ?? "none" }
            lines.append("setting \(name): \(texts.joined(separator: " -> "))")
        }
        return lines
    }

    private func cells(_ difference: Comparison.Difference) -> [String] {
        [
            difference.metric, NumberText.percent(difference.a), NumberText.percent(difference.b),
            NumberText.percent(difference.difference),
            difference.interval.map {
                "\(NumberText.percent($0.lower)) to \(NumberText.percent($0.upper))"
            } ?? "",
            difference.probability.map { NumberText.decimal($0, digits: 4) } ?? "",
        ]
    }

    private func text(_ example: Comparison.Example) -> String {
        let best = [example.bestOfA, example.bestOfB].map { $0?.id ?? "none" }
        let input = example.input.map { " \"\(shortened($0))\"" } ?? ""
        return
            "\(example.query)\(input): \(NumberText.percent(example.a)) -> \(NumberText.percent(example.b)), first "
            + "\(best.joined(separator: " -> ")), right \(example.relevant.joined(separator: ", "))"
    }

    /// The query on one line; the middle of a long one is cut.
    private func shortened(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count <= 120 ? line : "\(line.prefix(70)) ... \(line.suffix(45))"
    }
}
