// The work of `moca replay`: options, the file's metadata and defaults become an objective.

import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaModel
import MoCaObjectives
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
            purpose: objective == .pretrain ? .pretraining : .embedding, isTrainable: true)
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
        let settings = SavedSettings(file.metadata, file: batch.path)
        let replay = Replay(loaded)
        let result: Replay.Result
        if let reconstruction = loaded.reconstruction {
            let goal = ReconstructionObjective(
                reconstruction, try reconstructionSettings(settings))
            result = replay.run(goal, try file.reconstruction())
        } else {
            let pooled = EmbeddingModel(
                loaded.backbone, try poolingSettings(settings, loaded.configuration))
            let goal = ContrastiveObjective(pooled, try contrastiveSettings(settings))
            result = replay.run(goal, try file.contrastive())
        }
        if let gradients { try replay.writeGradients(to: gradients) }
        return result
    }

    private func reconstructionSettings(
        _ saved: SavedSettings
    ) throws -> ReconstructionObjective.Settings {
        ReconstructionObjective.Settings(
            maeWeight: try command.maeWeight ?? saved.number("mae_weight") ?? 0.1,
            tokenTarget: try command.mlmTarget ?? saved.choice("mlm_target") ?? .own,
            normalizesPatches: try saved.bool("normalize_patches") ?? false)
    }

    private func contrastiveSettings(
        _ saved: SavedSettings
    ) throws -> ContrastiveObjective.Settings {
        ContrastiveObjective.Settings(
            temperature: try command.temperature ?? saved.number("temperature") ?? 0.03,
            hardNegativeScope: try command.hardNegativeScope
                ?? saved.choice("hard_negative_scope") ?? .own,
            masksRepeatedPositives: try command.maskRepeatedPositives
                ?? saved.bool("mask_repeated_positives") ?? false)
    }

    private func poolingSettings(
        _ saved: SavedSettings, _ configuration: Qwen25VLConfiguration
    ) throws -> PoolingSettings {
        let width = configuration.text.hiddenSize
        let contract = try EmbeddingContract(of: model, vectorLength: width)
        if let dimensions = pooling.dimensions, dimensions > width {
            throw EmbeddingError.badOption(
                name: "dimensions", value: dimensions, allowed: "1 to \(width)")
        }
        return PoolingSettings(
            attention: try pooling.attention.mode ?? saved.choice("attention")
                ?? contract?.attention ?? .bidirectional,
            pooling: try pooling.pooling.mode ?? saved.choice("pooling")
                ?? contract?.pooling ?? .mean,
            isNormalized: pooling.normalize ?? contract?.normalize ?? true,
            dimensions: pooling.dimensions)
    }
}

/// The settings that a trainer saved with a batch, under the names of a recipe's `objective`.
private struct SavedSettings {
    private let values: [String: String]
    private let file: String

    init(_ values: [String: String], file: String) {
        (self.values, self.file) = (values, file)
    }

    func number(_ key: String) throws -> Double? {
        try read(key, Double.init)
    }

    func bool(_ key: String) throws -> Bool? {
        try read(key, Bool.init)
    }

    func choice<Choice: RawRepresentable<String>>(_ key: String) throws -> Choice? {
        try read(key, Choice.init(rawValue:))
    }

    private func read<Value>(_ key: String, _ parse: (String) -> Value?) throws -> Value? {
        guard let text = values[key] else { return nil }
        guard let value = parse(text) else {
            throw CommandError.badMetadata(file: file, key: key, value: text)
        }
        return value
    }
}
