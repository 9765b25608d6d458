// The work of `moca replay`: options, the file's metadata and defaults become an objective.

import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaModel
import MoCaObjectives
import MoCaTraining
import Torch

/// One replay.
struct ReplayRun: Sendable {
    private let model: URL
    private let batch: URL
    private let gradients: URL?
    private let objective: ObjectiveKind
    private let options: LoadOptions
    private let pooling: PoolingOptions
    private let command: ReplayCommand

    /// - Throws: `CommandError`.
    init(_ command: ReplayCommand) throws {
        self.command = command
        model = try command.folder.resolved()
        batch = URL(fileURLWithPath: command.batch)
        gradients = command.gradients.map { URL(fileURLWithPath: $0) }
        objective = command.objective
        pooling = command.vectors
        options = LoadOptions(
            dtype: command.device.dtype.dtype, device: try command.device.resolvedDevice(),
            purpose: objective == .pretrain ? .pretraining : .embedding, isTrainable: true,
            adapter: try command.adapter.resolved().map { .stored($0) })
    }

    /// Loads the model and runs the batch, on a thread of its own.
    ///
    /// - Throws: a `UserFacingError`.
    func result() async throws -> Replay.Result {
        command.device.applyThreads()
        return try await ModelThread().run { try catchingTorchErrors { try compute() } }
    }

    private func compute() throws -> Replay.Result {
        let loaded = try PretrainedModel(loading: model, options)
        let file = try ReplayBatch(reading: batch, for: loaded.configuration)
        let replay = Replay(loaded)
        let result: Replay.Result
        if let reconstruction = loaded.reconstruction {
            let goal = ReconstructionObjective(
                reconstruction, try reconstructionSettings(file.metadata))
            result = replay.run(goal, try file.reconstruction())
        } else {
            let settings = try contrastiveSettings(file.metadata, loaded.configuration)
            let goal = ContrastiveObjective(
                EmbeddingModel(loaded.backbone, settings.pooling), settings.loss)
            result = replay.run(goal, try file.contrastive())
        }
        if let gradients { try replay.writeGradients(to: gradients) }
        return result
    }

    private func reconstructionSettings(
        _ metadata: [String: String]
    ) throws -> ReconstructionObjective.Settings {
        var saved = Recipe.ObjectiveSettings.reconstruction(.init())
        try saved.read(metadata: metadata, file: batch.path)
        guard case .reconstruction(let settings) = saved else { return .init() }
        var loss = settings.loss
        loss.maeWeight = command.maeWeight ?? loss.maeWeight
        loss.tokenTarget = command.mlmTarget ?? loss.tokenTarget
        return loss
    }

    /// What an option does not say is as the file was saved, else as the model's contract says.
    private func contrastiveSettings(
        _ metadata: [String: String], _ configuration: Qwen25VLConfiguration
    ) throws -> (loss: ContrastiveObjective.Settings, pooling: PoolingSettings) {
        let width = configuration.text.hiddenSize
        let contract = try EmbeddingContract(of: model, vectorLength: width)
        var plain = Recipe.Contrastive()
        plain.loss.masksRepeatedPositives = false
        plain.attention = contract?.attention ?? plain.attention
        plain.pooling = contract?.pooling ?? plain.pooling
        var saved = Recipe.ObjectiveSettings.contrastive(plain)
        try saved.read(metadata: metadata, file: batch.path)
        guard case .contrastive(let settings) = saved else { return (plain.loss, .init()) }
        var loss = settings.loss
        loss.temperature = command.temperature ?? loss.temperature
        loss.hardNegativeScope = command.hardNegativeScope ?? loss.hardNegativeScope
        loss.masksRepeatedPositives =
            command.maskRepeatedPositives ?? loss.masksRepeatedPositives
        if let dimensions = pooling.dimensions, dimensions > width {
            throw EmbeddingError.badOption(
                name: "dimensions", value: dimensions, allowed: "1 to \(width)")
        }
        let vectors = PoolingSettings(
            attention: pooling.attention.mode ?? settings.attention,
            pooling: pooling.pooling.mode ?? settings.pooling,
            isNormalized: pooling.normalize ?? contract?.normalize ?? true,
            dimensions: pooling.dimensions)
        return (loss, vectors)
    }
}
