// `moca model init`: random weights of a given shape.

import ArgumentParser
import Foundation
import MoCaModel
import NN
import Torch

/// The initialisation scheme of `model init`.
enum SchemeChoice: String, ExpressibleByArgument, CaseIterable {
    case standard
    case unitVariance = "unit-variance"
}

/// Writes a model with random weights.
struct ModelInitCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Write random weights of the shape that a config.json says.",
        discussion: "Every weight depends on the seed and its name alone; one is held at a time.")

    @Option(help: ArgumentHelp("The shape of the model.", valueName: "config.json"))
    var config: String

    @Option(help: "What the weights are drawn from.")
    var seed: UInt64 = 0

    @OptionGroup var output: NewModelFolder

    @Option(
        help: """
            standard: deviation 0.02; unit-variance: outputs keep the variance of inputs, from \
            which small models learn sooner.
            """)
    var scheme = SchemeChoice.standard

    @Option(
        help: ArgumentHelp(
            "Deviation of token embeddings with unit-variance.", valueName: "deviation"))
    var embeddingDeviation = 1.0

    @Option(help: "The type of the stored weights; auto is what the config says.")
    var dtype = ComputeType.auto

    @Flag(help: "Write the heads of pre-training too.")
    var withHeads = false

    @Option(
        help: ArgumentHelp(
            "Copy the tokenizer and the image processor from this folder.", valueName: "dir"))
    var tokenizer: String?

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard embeddingDeviation > 0, embeddingDeviation.isFinite else {
            throw ValidationError("--embedding-deviation must be positive.")
        }
    }

    func run() async throws {
        try requireFile(config, "--config")
        if let tokenizer { try requireFile(tokenizer, "--tokenizer") }
        let configuration = try Families.configuration(
            contentsOf: URL(fileURLWithPath: config), name: config)
        let type = dtype.dtype ?? DType(rawValue: configuration.storageType) ?? .float32
        let folder = try output.made()
        if let tokenizer {
            try SidecarFiles.copy(
                SidecarFiles.processing,
                from: URL(fileURLWithPath: tokenizer, isDirectory: true), to: folder)
        }
        try PretrainedModel.writeFresh(
            configuration, seed: seed, scheme: initialization, dtype: type,
            purpose: withHeads ? .pretraining : .embedding, to: folder)
    }

    /// The default of `initializer_range` in transformers.
    private static let standardDeviation = 0.02

    private var initialization: InitializationScheme {
        switch scheme {
        case .standard: .fixed(deviation: Self.standardDeviation)
        case .unitVariance: .unitVariance(embeddingDeviation: embeddingDeviation)
        }
    }
}
