// `moca report`: one page about runs.

import ArgumentParser
import Foundation
import MoCaReport

/// Collects runs, scores, searches and reconstructions in one HTML file.
struct ReportCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write one self-contained HTML page of one run, or of several compared.",
        discussion: """
            Runs of the same stage share their charts, by step and by tokens, and their recipes \
            are compared. The page says in sentences what each run did and what to look at, and \
            shows what training wrote down: losses, evaluations, speed, memory, events, the \
            health of embeddings with the hardest negatives, and reconstructed patches. It needs \
            no network and no file beside it.
            """)

    @Argument(help: ArgumentHelp("Run folders, with metrics.jsonl.", valueName: "run"))
    var runs: [String] = []

    @Option(
        help: ArgumentHelp(
            "A column of the score table; one label may be given several files.",
            valueName: "label=scores.json"))
    var scores: [LabelledFile] = []

    @Option(
        help: ArgumentHelp(
            """
            What `moca search --json` printed, one search a line; or lines {"search": ..., \
            "note": text, "right": [path], "documents": count}.
            """, valueName: "file"))
    var searches: [String] = []

    @Option(help: ArgumentHelp("What `moca reconstruct` wrote.", valueName: "dir"))
    var reconstructions: String?

    @Option(help: "The page's title.")
    var title = "MoCa report"

    @Option(help: "A sentence under the title.")
    var subtitle = ""

    @Option(
        help: ArgumentHelp(
            "The page (default: report.html, of a single run in its folder).",
            valueName: "file.html"))
    var output: String?

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        let isEmpty =
            runs.isEmpty && scores.isEmpty && searches.isEmpty && reconstructions == nil
        guard !isEmpty else {
            throw ValidationError(
                "Give a run folder, --scores, --searches or --reconstructions.")
        }
    }

    func run() async throws {
        for path in runs { try requireFile(path, "RUN") }
        for file in scores { try requireFile(file.path, "--scores") }
        for path in searches { try requireFile(path, "--searches") }
        if let reconstructions { try requireFile(reconstructions, "--reconstructions") }
        let file = output.map { URL(fileURLWithPath: $0) } ?? standardOutput
        try requireWritableFile(file.path, reading: scores.map(\.path) + searches)
        try page.report(warn: Message.warn).write(to: file)
        print(file.path)
    }

    private var standardOutput: URL {
        let name = "report.html"
        guard runs.count == 1 else { return URL(fileURLWithPath: name) }
        return URL(fileURLWithPath: runs[0], isDirectory: true).appending(path: name)
    }

    private var page: CombinedPage {
        var page = CombinedPage(title: title, subtitle: subtitle)
        page.runs = runs
        page.scores = scores
        page.searches = searches
        page.reconstructions = reconstructions.map { URL(fileURLWithPath: $0, isDirectory: true) }
        return page
    }
}

extension LabelledFile: ExpressibleByArgument {
    /// Parses `LABEL=FILE`.
    public init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals > argument.startIndex else {
            return nil
        }
        let path = String(argument[argument.index(after: equals)...])
        guard !path.isEmpty else { return nil }
        self.init(label: String(argument[..<equals]), path: path)
    }
}
