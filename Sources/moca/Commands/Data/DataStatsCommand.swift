// `moca data stats`: the numbers of tokens and batches.

import ArgumentParser
import Foundation
import MoCaDataCheck
import MoCaHub
import MoCaReport
import MoCaTraining

/// Counts tokens as in training.
struct DataStatsCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "stats",
        abstract: "Count tokens exactly, and plan the batches of an epoch.",
        discussion: """
            Counts are those after prompts, smart resize and truncation. They are kept under a \
            hash of the data files, the tokenizer and all settings, and served again only when \
            none of these and no image file has changed. Cost is MoCa's: a text token 1, an image \
            token 4, an image 2, unless a recipe says otherwise.
            """)

    @OptionGroup var inputs: DataInputOptions

    @Option(
        help: ArgumentHelp(
            "Plan batches of this cost (default: the recipe's batch.tokens).", valueName: "n"))
    var batchTokens: Int?

    @Option(
        help: ArgumentHelp(
            "Pairs of a planned batch (default: the recipe's batch.size).", valueName: "n"))
    var batchSize: Int?

    @Option(
        help: ArgumentHelp(
            "Where counts are kept (default: $XDG_CACHE_HOME or ~/.cache, moca/counts).",
            valueName: "dir"))
    var cache: String?

    @Flag(help: "Keep no counts, and use none.")
    var noCache = false

    @Option(
        help: ArgumentHelp(
            "Write counts, histograms and plan as a page without any file beside it.",
            valueName: "file.html"))
    var html: String?

    @Flag(help: "Print one JSON object: subsets, total, plan.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        try requirePositive(batchTokens, "--batch-tokens")
        try requirePositive(batchSize, "--batch-size")
        guard inputs.recipe != nil || inputs.model != nil else {
            throw ValidationError("Give --model or --recipe: tokens are a tokenizer's.")
        }
    }

    /// The output of `--json`.
    private struct Output: Encodable {
        var subsets: [StatisticsSummary]
        var total: StatisticsSummary
        var plan: BatchPlan?
    }

    func run() async throws {
        let data = try inputs.resolved()
        if let html { try requireWritableFile(html, reading: inputs.paths(data)) }
        guard let settings = try data.statisticsSettings(cache: countCache) else {
            preconditionFailure("a model was required")
        }
        let bar = ProgressBar()
        let statistics = try DataStatistics(settings, progress: bar.show)
        bar.finish()
        let output = Output(
            subsets: statistics.summaries, total: statistics.total,
            plan: try data.plan(statistics, tokens: batchTokens, size: batchSize))
        if let html { try page(output, data).write(to: URL(fileURLWithPath: html)) }
        if json { return try Message.printJSON(output) }
        for subset in output.subsets {
            for line in subset.lines(histograms: false) { print(line) }
        }
        for line in output.total.lines(histograms: true) { print(line) }
        for line in output.plan?.lines ?? [] { print(line) }
    }

    private func page(_ output: Output, _ data: InspectedData) -> Report {
        StatisticsPage(subsets: output.subsets, total: output.total, plan: output.plan).report(
            source: inputs.recipe ?? inputs.folders.joined(separator: ", "),
            model: data.model, images: data.images, maxLength: data.maxLength)
    }

    private var countCache: CountCache? {
        guard !noCache else { return nil }
        return CountCache(
            folder: cache.map { URL(fileURLWithPath: $0, isDirectory: true) }
                ?? CountCache.standardFolder)
    }
}
