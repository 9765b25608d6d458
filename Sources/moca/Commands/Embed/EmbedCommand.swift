// `moca embed`: embeds a file of records into a file of vectors.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaSystem
import MoCaVectors

extension BadRecordPolicy: ExpressibleByArgument {}

/// Embeds records in input order.
struct EmbedCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Embed texts, images and any mix of them, in input order.",
        discussion: """
            A record is a line {"id", "text", "images": [path or data: URL, ...]}; each \
            <|vision_start|><|image_pad|><|vision_end|> in the text is one image, in order. Without \
            any, the images come first. A .txt input has a text a line, a .parquet the same names \
            as columns.
            """)

    @OptionGroup var model: ModelOptions

    @Option(
        help: ArgumentHelp(
            """
            .jsonl, .tar (both also .gz, .zst, .bz2, .xz), .txt, .parquet or .arrow; - is JSONL \
            from standard input.
            """))
    var input: String?

    @Argument(help: ArgumentHelp("Image files, a record each.", valueName: "path"))
    var paths: [String] = []

    @Option(
        help: ArgumentHelp(
            ".npy (with .ids.json beside), .jsonl, .parquet or .safetensors.", valueName: "file"))
    var output: String

    @Option(help: ArgumentHelp("The model's prompt to put around each record.", valueName: "role"))
    var prompt: String?

    @OptionGroup var instruction: InstructionOption

    @Option(
        help: ArgumentHelp(
            "Where relative paths of images start: a folder, .zip or .tar (default: the working "
                + "folder).", valueName: "path"))
    var images: String?

    @Option(help: "A record that cannot be embedded ends the run, or is left out and listed.")
    var onError = BadRecordPolicy.stop

    @Flag(help: "Go on where an interrupted run of the same output stopped.")
    var resume = false

    @Option(
        help: ArgumentHelp(
            "Embed one of N shards of the input, 0/N to N-1/N, into the folder OUTPUT.part-I-of-N; "
                + "`moca vectors merge` makes the output of all parts.", valueName: "i/n"),
        transform: Self.parseShard)
    var shard: WindowShard?

    @Option(help: ArgumentHelp("Write counts, seconds and memory as JSON.", valueName: "file"))
    var report: String?

    @Flag(help: "Print the report as one line of JSON.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard (input == nil) != paths.isEmpty else {
            throw ValidationError("Give either --input FILE or the paths of images.")
        }
    }

    private static func parseShard(_ text: String) throws -> WindowShard {
        guard let shard = WindowShard(text: text) else {
            throw ValidationError("shards are counted from 0: 0/8 is the first of 8, 7/8 the last")
        }
        return shard
    }

    func run() async throws {
        let rank = try LaunchedRank.current()
        let interruption = Interruption()
        let source = try source()
        let folder = try model.folder.resolved()
        let inputs = paths + [input, folder.path].compactMap { $0 }
        for file in [output, report].compactMap({ $0 }) {
            try requireWritableFile(file, reading: inputs)
        }
        // Of several ranks, the first one reports.
        let bar = rank?.isFirst ?? true ? ProgressBar(showsInLogs: true) : nil
        let total = try bar == nil ? nil : source.recordCount()
        let counter = ProgressCounter(WorkProgress("records", total: total)) { bar?.show($0) }
        let found = try await run(
            job(source, model: folder), as: rank, counter,
            isInterrupted: { interruption.hasHappened })
        guard let result = found else { return }
        bar?.finish()
        if let report { try Message.write(json: result, to: report) }
        if json { try Message.printJSON(result) }
        for note in result.notes { Message.warn(note) }
        if result.droppedTokens > 0 {
            Message.write(
                "warning: \(result.droppedTokens) tokens and \(result.droppedImages) images were "
                    + "cut off by --max-length")
        }
        if shard != nil, result.records > result.items {
            Message.warn(
                "\(result.records - result.items) of \(result.records) records of the part were left "
                    + "out; moca vectors merge lists them")
        }
        if let list = result.errors {
            throw VectorError.recordsLeftOut(
                count: result.records - result.items, total: result.records, list: list)
        }
    }

    /// Runs the job, alone or as one of several ranks.
    ///
    /// - Returns: the report; nil on other ranks than the first.
    private func run(
        _ job: EmbeddingJob, as rank: LaunchedRank?, _ counter: ProgressCounter,
        isInterrupted: @escaping @Sendable () -> Bool
    ) async throws -> EmbeddingReport? {
        var job = job
        guard let rank else {
            return try await job.run(progress: counter.add, isInterrupted: isInterrupted)
        }
        let share = try rank.share(&job.options, note: counter.note)
        return try await job.run(
            as: share, progress: counter.add, isInterrupted: isInterrupted)
    }

    private func source() throws -> EmbeddingInput {
        guard let input else { return .images(paths.map { URL(fileURLWithPath: $0) }) }
        if input == "-" { return .standardInput }
        try requireFile(input, "--input")
        return .file(URL(fileURLWithPath: input))
    }

    private func job(_ source: EmbeddingInput, model folder: URL) throws -> EmbeddingJob {
        if let images { try requireFile(images, "--images") }
        let here = FileManager.default.currentDirectoryPath
        var job = EmbeddingJob(
            model: folder, options: try model.embedderOptions(of: folder, instruction),
            input: source, output: URL(fileURLWithPath: output),
            imageFolder: URL(fileURLWithPath: images ?? here, isDirectory: true))
        job.role = prompt.map(Role.init(rawValue:))
        job.badRecords = onError
        job.resumes = resume
        job.shard = shard
        return job
    }
}
