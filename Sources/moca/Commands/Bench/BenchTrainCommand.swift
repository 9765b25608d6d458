// `moca bench train`: the speed of a training step.

import ArgumentParser
import Foundation
import MoCaModel
import MoCaProcessing
import MoCaTraining
import MoCaVectors
import Torch

extension ActivationCheckpointing: ExpressibleByArgument {}

/// Measures the speed of training steps.
struct BenchTrainCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Time training steps: forward, backward, clipping and AdamW.",
        discussion: """
            pretrain masks 0.4 of the text and 0.5 of the patches; contrastive pairs every record \
            with its text alone. Operations are counted as three forward passes.
            """)

    @OptionGroup var folder: ModelFolder
    @OptionGroup var adapter: AdapterFolder
    @OptionGroup(title: "Device") var device: DeviceOptions
    @OptionGroup(title: "Benchmark") var input: BenchInput

    @Option(help: "Which training stage.")
    var objective: ObjectiveKind

    @Option(help: ArgumentHelp("Records of a step.", valueName: "n"))
    var batch = 8

    @Option(help: ArgumentHelp("Tokens of a record, at most.", valueName: "n"))
    var maxLength = 1280

    @Option(help: "What of the layers is computed again during backward.")
    var activationCheckpointing = ActivationCheckpointing.none

    @Flag(help: "Keep the logits of all masked tokens together, to measure against.")
    var fullLogits = false

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        try requirePositive(batch, "--batch")
        try requirePositive(maxLength, "--max-length")
    }

    func run() async throws {
        let contents = try input.resolved().contents(
            imageFolder: input.imageFolder, limit: input.limit)
        guard !contents.isEmpty else { throw CommandError.nothingToMeasure(path: input.input) }
        device.applyThreads()
        let model = try folder.resolved()
        var benchmark = TrainingBenchmark(
            model: model, stage: objective.stage, device: try device.resolvedDevice())
        benchmark.dtype = device.dtype.dtype
        benchmark.adapter = try adapter.resolved(folder.hub, of: model)
        benchmark.batchSize = batch
        benchmark.maxLength = maxLength
        benchmark.checkpointing = activationCheckpointing
        benchmark.keepsLogits = fullLogits
        let repeats = input.repeats
        let result = try await ModelActor().run { [benchmark] in
            try benchmark.run(contents, repeats: repeats)
        }
        if json { try Message.printJSON(result) } else { print(result.summary) }
    }
}
