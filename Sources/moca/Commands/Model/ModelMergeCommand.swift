// `moca model merge` and `moca model average`: models derived from models without training.

import ArgumentParser
import Foundation
import MoCaEmbedding
import MoCaHub
import MoCaModel

/// Merges an adapter into its base model.
struct ModelMergeCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Merge an adapter (LoRA or DoRA in PEFT's layout) into its model.",
        discussion: """
            Weights keep the type in which the model stores them; one is in memory at a time. The \
            embedder stays that of the model, and the contract goes along without its probes.
            """)

    @OptionGroup var folder: ModelFolder

    @Option(
        help: ArgumentHelp("The adapter: a folder, or a name as of --model.", valueName: "adapter")
    )
    var adapter: String

    @OptionGroup var output: NewModelFolder
    @OptionGroup var verbosity: VerbosityOptions

    func run() async throws {
        let base = try folder.resolved()
        let adapter = try folder.hub.adapter(adapter, "--adapter", of: base)
        let files = try DerivedModelFiles(base: base)
        let target = try output.made()
        try DerivedModel.merge(base: base, adapter: adapter, to: target)
        let names = (ModelCard.Base(base).name, ModelCard.Base(adapter).name)
        try files.write(to: target, origin: "\(names.0) with the adapter \(names.1) merged.")
    }
}

/// Averages the weights of several models.
struct ModelAverageCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "average",
        abstract: "Average the weights of models that were trained from the same one.",
        discussion: """
            Computed in float32 and stored as the first model is; one weight of each is in memory at \
            a time. The models must be of one embedder. A contract that all have goes along without \
            its probes; of different ones, the attention and pooling do.
            """)

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("The models, at least two: folders or names.", valueName: "model"))
    var models: [String]

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "How much each model counts, divided by their sum (default: all the same).",
            valueName: "w"))
    var weights: [Double] = []

    @OptionGroup var hub: HubOptions
    @OptionGroup var output: NewModelFolder
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
        let folders = try models.map { try hub.folder($0, "--models") }
        let files = try DerivedModelFiles(base: folders[0], others: Array(folders.dropFirst()))
        let target = try output.made()
        try DerivedModel.average(
            folders, weights: weights.isEmpty ? models.map { _ in 1 } : weights, to: target)
        let names = folders.map { ModelCard.Base($0).name }
        try files.write(to: target, origin: "The average of \(names.joined(separator: ", ")).")
    }
}
