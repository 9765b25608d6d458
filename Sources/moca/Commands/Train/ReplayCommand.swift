// `moca replay`: forward and backward passes over a saved batch, or all microbatches of a step.

import ArgumentParser
import Foundation
import Torch
import MoCaTraining

extension ReplayRequest.HardNegativeScope: ExpressibleByArgument {}
extension ReplayRequest.TokenTarget: ExpressibleByArgument {}

/// The values of `--objective`.
enum ObjectiveKind: String, ExpressibleByArgument, CaseIterable {
    case pretrain, contrastive

    var stage: Recipe.Stage { self == .pretrain ? .pretrain : .finetune }
}

/// Prints the loss and the gradient norm of one batch.
struct ReplayCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Run one saved batch forward and backward, and print its loss.",
        discussion: """
            A batch is a safetensors file of right-padded rows. pretrain: input_ids, \
            attention_mask, pixel_values (already masked), image_grid_thw, labels, mae_pred_mask, \
            pixel_labels. contrastive: query.*, positive.*, negative.* (each input_ids, \
            attention_mask, pixel_values, image_grid_thw) and negative_counts. Several files, or \
            all batch*.safetensors of a folder such as not-finite-STEP, are parts of one step: one \
            loss over all. What an option does not say comes from the file's metadata, else from \
            the defaults below; without metadata, the tensors tell which loss the file is for.
            """)

    @OptionGroup var folder: ModelFolder
    @OptionGroup var adapter: AdapterFolder

    @Option(help: "Which loss (default: that of the file).")
    var objective: ObjectiveKind?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "The saved batch, its parts, or a folder of them.", valueName: "file.safetensors"))
    var batch: [String]

    @Option(
        help: ArgumentHelp(
            "Write every gradient under its checkpoint key.", valueName: "file.safetensors"))
    var gradients: String?

    @Option(help: "Contrastive: what scores are divided by (default: 0.03).")
    var temperature: Double?

    @Option(help: "Contrastive: whose hard negatives count (default: own).")
    var hardNegativeScope: ReplayRequest.HardNegativeScope?

    @Flag(
        inversion: .prefixedNo,
        help: "Contrastive: leave out candidates equal to a query's positive (default: no).")
    var maskRepeatedPositives: Bool?

    @Option(help: "Pre-training: what the loss of patches is multiplied by (default: 0.1).")
    var maeWeight: Double?

    @Option(help: "Pre-training: which state predicts a masked token (default: own).")
    var mlmTarget: ReplayRequest.TokenTarget?

    @OptionGroup(title: "Device") var device: DeviceOptions
    @OptionGroup(title: "Vectors") var vectors: PoolingOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        if let temperature, !(temperature > 0 && temperature.isFinite) {
            throw ValidationError("--temperature must be positive, not \(temperature).")
        }
        if let maeWeight, !(maeWeight >= 0 && maeWeight.isFinite) {
            throw ValidationError("--mae-weight must be 0 or more, not \(maeWeight).")
        }
    }

    func run() async throws {
        for path in batch { try requireFile(path, "--batch") }
        let run = try ReplayRun(request())
        let result = try await ModelActor().run { try run.result() }
        if json { return try Message.printJSON(result) }
        print("loss       \(result.loss)")
        if let loss = result.mlmLoss { print("mlm_loss   \(loss)") }
        if let loss = result.maeLoss { print("mae_loss   \(loss)") }
        print("grad_norm  \(result.gradNorm)")
    }

    private func request() throws -> ReplayRequest {
        let model = try folder.resolved()
        var request = ReplayRequest(
            model: model, stage: objective?.stage,
            batches: batch.map { URL(fileURLWithPath: $0) }, device: try device.resolvedDevice(),
            dtype: device.dtype.dtype)
        request.gradients = gradients.map { URL(fileURLWithPath: $0) }
        request.threads = device.threads
        request.adapter = try adapter.resolved(folder.hub, of: model)
        request.changes.temperature = temperature
        request.changes.hardNegativeScope = hardNegativeScope
        request.changes.masksRepeatedPositives = maskRepeatedPositives
        request.changes.maeWeight = maeWeight
        request.changes.tokenTarget = mlmTarget
        request.changes.attention = vectors.attention.mode
        request.changes.pooling = vectors.pooling.mode
        request.changes.isNormalized = vectors.normalize
        request.changes.dimensions = vectors.dimensions
        return request
    }
}
