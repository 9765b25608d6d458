// `moca model merge` and `moca model average`: models derived from models without training.

import ArgumentParser
import Foundation
import MoCaModel

/// The output folder of a derived model.
struct DerivedModelOutput: ParsableArguments {
    @Option(
        name: .customLong("output"),
        help: ArgumentHelp("A folder that has no model yet.", valueName: "dir"))
    var path: String

    /// Returns the folder, creating it if it does not exist.
    ///
    /// - Throws: `CommandError.outputExists`, `.cannotWrite`.
    func made() throws -> URL {
        let folder = URL(fileURLWithPath: path, isDirectory: true)
        let configuration = folder.appending(path: "config.json")
        guard !FileManager.default.fileExists(atPath: configuration.path) else {
            throw CommandError.outputExists(path: path)
        }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandError.cannotWrite(path: path, reason: error.localizedDescription)
        }
        return folder
    }
}

/// Merges an adapter into its base model.
struct ModelMergeCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Merge an adapter (LoRA or DoRA in PEFT's layout) into its model.",
        discussion: """
            Weights keep the type in which the model stores them; one is in memory at a time. The \
            contract goes along without its probes.
            """)

    @OptionGroup var folder: ModelFolder

    @Option(help: ArgumentHelp("The adapter.", valueName: "dir"))
    var adapter: String

    @OptionGroup var output: DerivedModelOutput
    @OptionGroup var verbosity: VerbosityOptions

    func run() async throws {
        let base = try folder.resolved()
        try requireFile(adapter, "--adapter")
        try DerivedModel.merge(
            base: base, adapter: URL(fileURLWithPath: adapter, isDirectory: true),
            to: output.made())
    }
}

/// Averages the weights of several models.
struct ModelAverageCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "average",
        abstract: "Average the weights of models that were trained from the same one.",
        discussion: """
            Computed in float32 and stored as the first model is; one weight of each is in memory at \
            a time. A contract that all have goes along without its probes.
            """)

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The models, at least two.", valueName: "dir"))
    var models: [String]

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "How much each model counts, divided by their sum (default: all the same).",
            valueName: "w"))
    var weights: [Double] = []

    @OptionGroup var output: DerivedModelOutput
    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard models.count >= 2 else { throw ValidationError("--models needs at least two.") }
        guard weights.isEmpty || weights.count == models.count else {
            throw ValidationError(
                "--weights must be as many as --models: \(models.count), not \(weights.count).")
        }
        guard weights.allSatisfy({ $0 > 0 && $0.isFinite }) else {
            throw ValidationError("--weights must be positive.")
        }
    }

    func run() async throws {
        for model in models { try requireFile(model, "--models") }
        try DerivedModel.average(
            models.map { URL(fileURLWithPath: $0, isDirectory: true) },
            weights: weights.isEmpty ? models.map { _ in 1 } : weights, to: output.made())
    }
}
