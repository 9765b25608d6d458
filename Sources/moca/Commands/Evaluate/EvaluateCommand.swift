// `moca evaluate`: scores of a model on benchmarks.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaEvaluation
import MoCaReport
import MoCaSettings
import MoCaVectors

/// The evaluation commands.
struct EvaluateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Score a model on benchmarks.",
        subcommands: [
            EvaluateMMEBCommand.self, EvaluateViDoReCommand.self, EvaluateRetrievalCommand.self,
            EvaluateCompareCommand.self, EvaluateDriftCommand.self, EvaluateReportCommand.self,
        ])
}

/// The options that all benchmarks share.
struct EvaluationOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of the sets, or one set.", valueName: "dir"))
    var data: String

    @Option(
        help: ArgumentHelp(
            "Where image paths start: a folder, .zip or .tar (default: --data; a set's corpus).",
            valueName: "path"))
    var images: String?

    @Option(help: ArgumentHelp("Where scores and kept vectors go.", valueName: "dir"))
    var output: String

    @Option(parsing: .upToNextOption, help: ArgumentHelp("The sets to score.", valueName: "name"))
    var subsets: [String] = []

    @OptionGroup var instruction: QueryInstructionOption

    @Flag(
        help: """
            Score a part of each set, in minutes: at most 50 queries, 500 documents and 100 candidates \
            a query.
            """)
    var nano = false

    @Flag(help: "Print the scores as one JSON object.")
    var json = false

    @Flag(help: "Write the vectors of each set beside its scores.")
    var saveVectors = false

    @Flag(
        inversion: .prefixedNo,
        help: "Write report.html and report.md, with worst queries and heat-maps.")
    var report = true
}

/// The options that export results in the format of another program.
struct ExportOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Also write the scores as mteb keeps results.", valueName: "dir"))
    var mteb: String?
}

/// Evaluates a model on MMEB.
struct EvaluateMMEBCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "mmeb", abstract: "Precision at 1 among each query's own candidates.",
        discussion: """
            A set is a folder with test.parquet: qry_text, qry_img_path, tgt_text and tgt_img_path \
            (lists; the first candidate is right). Ties count against it. There is no --mteb: mteb's \
            tasks on the same data rank one corpus, which gives other figures.
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var evaluation: EvaluationOptions

    @OptionGroup var verbosity: VerbosityOptions

    func run() async throws {
        try await Evaluation(benchmark: .mmeb, model: model, options: evaluation).run()
    }
}

/// Evaluates a model on ViDoRe.
struct EvaluateViDoReCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "vidore", abstract: "Retrieval of document pages: nDCG, recall, MRR, MAP.",
        discussion: """
            A set is a folder of folders corpus (corpus-id, image), queries (query-id, query, \
            language) and qrels (query-id, corpus-id, score).
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var evaluation: EvaluationOptions
    @OptionGroup var export: ExportOptions
    @OptionGroup var verbosity: VerbosityOptions

    func run() async throws {
        try await Evaluation(
            benchmark: .vidore, model: model, options: evaluation, export: export
        ).run()
    }
}

/// Evaluates a model on a retrieval set.
struct EvaluateRetrievalCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "retrieval", abstract: "Retrieval of texts or images: nDCG, recall, MRR, MAP.",
        discussion: """
            A set is as for vidore; a document has title and text, an image, or both. A file set.json \
            in its folder may say {"ignore_identical_ids": true}.
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var evaluation: EvaluationOptions
    @OptionGroup var export: ExportOptions

    @Flag(
        name: .customLong("ignore-identical-ids"), inversion: .prefixedNo,
        help: """
            Leave the document with a query's id out of the query's ranking (default: as set.json of a \
            set says, else in ArguAna and Quora).
            """)
    var ignoreIdenticalIDs: Bool?

    @OptionGroup var verbosity: VerbosityOptions

    func run() async throws {
        var evaluation = Evaluation(
            benchmark: .retrieval, model: model, options: self.evaluation, export: export)
        evaluation.ignoresIdenticalIDs = ignoreIdenticalIDs
        try await evaluation.run()
    }
}

/// The part that all benchmarks share: loading, progress, printing.
private struct Evaluation {
    let benchmark: Benchmark
    let model: ModelOptions
    let options: EvaluationOptions
    var export: ExportOptions?
    var ignoresIdenticalIDs: Bool?

    func run() async throws {
        let rank = try LaunchedRank.current()
        let interruption = Interruption()
        let start = ContinuousClock.now
        try requireFile(options.data, "--data")
        if let images = options.images { try requireFile(images, "--images") }
        try requireWritableFolder(options.output)
        if let folder = export?.mteb { try requireWritableFolder(folder) }
        let folder = try model.folder.resolved()
        var settings = try model.embedderOptions(of: folder)
        // Of several ranks, the first one reports.
        let bar = rank?.isFirst ?? true ? ProgressBar() : nil
        let share = try rank?.share(&settings) {
            bar?.show(WorkProgress("", total: nil, note: $0))
        }
        let identity = try ModelIdentity(of: folder, settings)
        var run = EvaluationRun(
            embedder: try await Embedder(loading: folder, options: settings),
            model: identity.fingerprint,
            data: URL(fileURLWithPath: options.data, isDirectory: true).standardizedFileURL,
            output: URL(fileURLWithPath: options.output, isDirectory: true))
        run.images = options.images.map {
            URL(fileURLWithPath: $0, isDirectory: true).standardizedFileURL
        }
        run.subsets = options.subsets
        run.part = options.nano ? .nano : nil
        run.savesVectors = options.saveVectors
        run.ignoresIdenticalIDs = ignoresIdenticalIDs
        run.queryInstruction = options.instruction.text
        run.settings = [
            "model": .string(identity.folder), "benchmark": .string(benchmark.rawValue),
        ]
        run.settings["repository"] = identity.repository.map { .string($0) }
        run.settings["commit"] = identity.commit.map { .string($0) }
        run.settings["adapter"] = settings.adapter.map { .string($0.standardizedFileURL.path) }
        run.tell = { event in
            switch event {
            case .started(let set, let number, let count):
                Message.write("\(set) (\(number) of \(count))")
            case .progressed(let progress): bar?.show(progress)
            case .noted(let note): Message.warn(note)
            case .finished: bar?.finish()
            }
        }
        run.isInterrupted = { interruption.hasHappened }
        var sharedCount = 0
        if let share {
            guard let count = try await run.embedShare(share, of: benchmark) else { return }
            bar?.finish()
            sharedCount = count
        }
        let report = try await run.scores(of: benchmark)
        let seconds = (ContinuousClock.now - start).seconds
        Message.write(
            "embedded \(NumberText.counted(report.embeddedCount + sharedCount, "input")), "
                + "\(NumberText.decimal(seconds, digits: 1)) s in all; "
                + "scores are in \(options.output)/scores.json")
        if options.json {
            try Message.printJSON(report.scores)
        } else {
            for line in report.scores.lines { print(line) }
        }
        if options.report {
            let page = try await EvaluationPage(
                report.scores, in: run.output, embedder: run.embedder,
                pictures: ReportPictures(warn: Message.warn)
            ).write()
            Message.write("report is in \(page.path)")
        }
        if let folder = export?.mteb {
            try MTEBExport(run.embedder, identity).write(
                report.scores, report.suite, seconds: report.seconds,
                to: URL(fileURLWithPath: folder, isDirectory: true))
        }
    }
}
