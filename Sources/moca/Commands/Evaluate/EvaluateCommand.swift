// `moca evaluate`: scores of a model on benchmarks.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaEvaluation
import MoCaModel
import MoCaReport
import MoCaSettings
import MoCaVectors
import NN
import Torch

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
        try await Evaluation(model, evaluation, nil).run(.mmeb) { try await $0.mmeb() }
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
        try await Evaluation(model, evaluation, export)
            .run(.vidore) { try await $0.retrieval(.pages) }
    }
}

/// Evaluates a model on a retrieval set.
struct EvaluateRetrievalCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "retrieval", abstract: "Retrieval of texts or images: nDCG, recall, MRR, MAP.",
        discussion: """
            A set is as for vidore; a document has title and text, an image, or both.
            """)

    @OptionGroup var model: ModelOptions
    @OptionGroup var evaluation: EvaluationOptions
    @OptionGroup var export: ExportOptions
    @OptionGroup var verbosity: VerbosityOptions

    func run() async throws {
        try await Evaluation(model, evaluation, export)
            .run(.retrieval) { try await $0.retrieval(.any) }
    }
}

/// The part that all benchmarks share: loading, progress, printing.
private struct Evaluation {
    private let model: ModelOptions
    private let options: EvaluationOptions
    private let export: ExportOptions?

    init(_ model: ModelOptions, _ options: EvaluationOptions, _ export: ExportOptions?) {
        (self.model, self.options, self.export) = (model, options, export)
    }

    func run(
        _ name: Benchmark, _ benchmark: (EvaluationRun) async throws -> EvaluationRun.Report
    ) async throws {
        let interruption = Interruption()
        let start = ContinuousClock.now
        try requireFile(options.data, "--data")
        if let images = options.images { try requireFile(images, "--images") }
        try requireWritableFolder(options.output)
        if let folder = export?.mteb { try requireWritableFolder(folder) }
        let folder = try model.folder.resolved()
        let settings = try model.embedderOptions()
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
        run.settings = [
            "model": .string(identity.folder), "benchmark": .string(name.rawValue),
        ]
        run.settings["adapter"] = settings.adapter.map { .string($0.standardizedFileURL.path) }
        let meter = StepMeter()
        run.tell = { tell($0, meter) }
        run.isInterrupted = { interruption.hasHappened }
        let report = try await benchmark(run)
        let seconds = (ContinuousClock.now - start).seconds
        Message.write(
            "embedded \(report.embeddedCount) inputs, \(NumberText.decimal(seconds, digits: 1)) s in all; "
                + "scores are in \(options.output)/scores.json")
        if options.json {
            try Message.printJSON(report.scores)
        } else {
            ScoreLines(report.scores).print()
        }
        if options.report {
            let page = try await EvaluationPage(
                report.scores, in: run.output, embedder: run.embedder,
                pictures: ReportPictures(warn: Message.warn)
            ).write()
            Message.write("report is in \(page.path)")
        }
        if let folder = export?.mteb {
            try write(report, run.embedder, identity, to: folder)
        }
    }

    /// Writes the scores in mteb's format.
    private func write(
        _ report: EvaluationRun.Report, _ embedder: Embedder, _ identity: ModelIdentity,
        to folder: String
    ) throws {
        let backbone = embedder.model.backbone
        let parameters = PretrainedModel.declarations(backbone.configuration, purpose: .embedding)
        let export = MTEBExport(
            // mteb expects ORGANISATION/MODEL.
            model: URL(fileURLWithPath: identity.folder).pathComponents.suffix(2)
                .joined(separator: "/"),
            // The same weights have different scores in another dtype.
            revision: "\(identity.fingerprint)-\(backbone.embeddingWeight.dtype.rawValue)",
            vectorLength: embedder.vectorLength,
            parameterCount: parameters.reduce(0) { $0 + $1.count })
        try export.write(
            report.scores, report.suite, seconds: report.seconds,
            to: URL(fileURLWithPath: folder, isDirectory: true))
    }
}

/// Reports the progress of an evaluation.
private func tell(_ event: EvaluationEvent, _ meter: StepMeter) {
    switch event {
    case .started(let set, let number, let count): Message.write("\(set) (\(number) of \(count))")
    case .found(let inputs): meter.start(total: inputs)
    case .done(let count): meter.add(count)
    case .finished: meter.finish()
    }
}

/// Scores as a text table.
struct ScoreLines {
    private let scores: Scores

    init(_ scores: Scores) {
        self.scores = scores
    }

    /// The lines, in per cent: name, measure, value, interval, chance, queries.
    var lines: [String] {
        var rows = [["set", "measure", "score", "95 %", "chance", "queries"]]
        for (name, score) in scores.sets.sorted(by: { $0.key < $1.key }) {
            let metric = scores.headline(of: name)
            rows.append([
                name, metric, percent(score.value(of: metric)),
                interval(score.interval(of: metric)),
                percent(score.chance(of: metric)), "\(score.queryCount)",
            ])
        }
        for (name, group) in scores.groups.sorted(by: { $0.key < $1.key }) {
            let missing = group.missing.isEmpty ? "" : ", \(group.missing.count) missing"
            rows.append([
                "= \(name)", group.metric, percent(group.mean), interval(group.interval), "",
                "\(group.sets.count) sets\(missing)",
            ])
        }
        return TextTable.lines(rows) + [scores.partReason].compactMap { $0 }
    }

    /// Prints the lines.
    func print() {
        for line in lines { Swift.print(line) }
    }

    private func interval(_ interval: ConfidenceInterval?) -> String {
        interval.map { "\(percent($0.lower)) to \(percent($0.upper))" } ?? ""
    }

    private func percent(_ value: Double?) -> String {
        value.map(NumberText.percent) ?? ""
    }
}
