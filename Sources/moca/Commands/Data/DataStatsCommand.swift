// `moca data stats`: the numbers of tokens and batches.

import ArgumentParser
import Foundation
import MoCaData
import MoCaDataCheck
import MoCaReport
import MoCaTables
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
        if let html { try requireWritableFile(html, reading: data.paths) }
        guard let counter = try data.meter(nil) else {
            preconditionFailure("a model was required")
        }
        var settings = DataStatisticsSettings(
            folders: data.folders, images: data.images, meter: counter, threads: data.threads)
        settings.kind = data.kind
        settings.cache = noCache ? nil : CountCache(folder: cacheFolder)
        if let recipe = data.recipe, recipe.stage == .pretraining {
            settings.prices = TokenPrices(
                imageToken: recipe.batch.imageTokenCost, image: recipe.batch.imageCost)
        }
        let bar = StepMeter()
        let statistics = try DataStatistics(settings, progress: bar.take)
        bar.finish()
        let output = Output(
            subsets: statistics.summaries, total: statistics.total,
            plan: try plan(statistics, data))
        if let html { try page(output, data).write(to: URL(fileURLWithPath: html)) }
        if json { return try Message.printJSON(output) }
        for subset in output.subsets {
            for line in subset.lines(histograms: false) { print(line) }
        }
        for line in output.total.lines(histograms: true) { print(line) }
        for line in output.plan?.lines ?? [] { print(line) }
    }

    private func page(_ output: Output, _ data: DataInputs) -> Report {
        var settings = [Summary.Setting("Images", data.images.path)]
        if let model = data.model { settings.insert(.init("Model", model.path), at: 0) }
        settings.append(
            .init("Longest content", data.maxLength.map { "\($0) tokens" } ?? "not limited"))
        return StatisticsPage(subsets: output.subsets, total: output.total, plan: output.plan)
            .report(
                source: inputs.recipe ?? inputs.folders.joined(separator: ", "),
                settings: settings)
    }

    private func plan(_ statistics: DataStatistics, _ data: DataInputs) throws -> BatchPlan? {
        let recipe = data.recipe
        guard
            let size = (statistics.kind == .pretraining ? batchTokens : batchSize)
                ?? recipe?.batch.partSize
        else { return nil }
        var rules = BatchPlan.Rules()
        if let recipe {
            (rules.mixture, rules.packing) = (recipe.data.mixture, recipe.batch.packing)
            (rules.accumulation, rules.seed) = (recipe.batch.accumulation, recipe.seed)
            if recipe.batch.packing == .costBins { rules.costMax = recipe.data.maxLength }
            if case .contrastive(let settings) = recipe.objective {
                rules.isTaskHomogeneous = settings.isTaskHomogeneous
            }
            rules.leftOut = try leftOut(recipe, data)
        }
        guard statistics.kind == .pretraining else {
            if recipe != nil { try BatchPlan.requireEpoch(of: size, statistics, rules) }
            return BatchPlan(statistics, size: size, rules)
        }
        return try BatchPlan(statistics, tokenBudget: size, rules)
    }

    /// The records in the recipe's quarantine file.
    private func leftOut(_ recipe: Recipe, _ data: DataInputs) throws -> Set<SampleID> {
        guard let file = recipe.data.quarantine else { return [] }
        let (records, images) = (try QuarantinedRecord.read(file), ImageStore(root: data.images))
        let renamed =
            recipe.stage == .pretraining
            ? try Catalog<PretrainSample>(folders: data.folders, images: images)
                .renamed(records, leftOut: nil)
            : try Catalog<ContrastiveSample>(folders: data.folders, images: images)
                .renamed(records, leftOut: nil)
        return Set(renamed.map(\.id))
    }

    private var cacheFolder: URL {
        if let cache { return URL(fileURLWithPath: cache, isDirectory: true) }
        let environment = ProcessInfo.processInfo.environment
        let root =
            environment["XDG_CACHE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
            .map { URL(fileURLWithPath: $0, isDirectory: true) }
            ?? FileManager.default.homeDirectoryForCurrentUser.appending(path: ".cache")
        return root.appending(path: "moca/counts")
    }
}
