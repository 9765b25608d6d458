// `moca bench`: the speed of a model on this machine, compared with the machine's peak.

import ArgumentParser
import Foundation
import MoCaProcessing
import MoCaVectors

/// The benchmark commands.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure throughput against the device's peak for matrix products.",
        subcommands: [BenchEmbedCommand.self, BenchTrainCommand.self])
}

/// The model and input of a benchmark.
struct BenchInput: ParsableArguments {
    @Option(help: ArgumentHelp("Records as for `moca embed`.", valueName: "file"))
    var input: String

    @Option(help: ArgumentHelp("Use only the first records.", valueName: "n"))
    var limit: Int?

    @Option(name: .customLong("repeat"), help: "Passes; the fastest counts.")
    var repeats = 2

    func validate() throws {
        try requirePositive(limit, "--limit")
        try requirePositive(repeats, "--repeat")
    }

    /// The input, checked to exist.
    ///
    /// - Throws: `CommandError.inputMissing`.
    func resolved() throws -> EmbeddingInput {
        try requireFile(input, "--input")
        return .file(URL(fileURLWithPath: input))
    }

    /// The folder that relative image paths are resolved against.
    var imageFolder: URL {
        URL(fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true)
    }
}

/// Measures the speed of embedding.
struct BenchEmbedCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Time embedding, with tokenizer and image decoding, after a warm-up.")

    @OptionGroup var model: ModelOptions
    @OptionGroup(title: "Benchmark") var input: BenchInput

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func run() async throws {
        let folder = try model.folder.resolved()
        let benchmark = try EmbeddingBenchmark(
            model: folder, options: model.embedderOptions(of: folder),
            input: input.resolved(), imageFolder: input.imageFolder, limit: input.limit)
        guard benchmark.count > 0 else {
            throw CommandError.nothingToMeasure(path: input.input)
        }
        let result = try await benchmark.run(repeats: input.repeats)
        if json { try Message.printJSON(result) } else { print(result.summary) }
    }
}
