// The work of `moca replay`: options, the files' metadata and defaults become an objective.

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
    /// Parts of one step; all have the same metadata.
    private let batches: [URL]
    private let gradients: URL?
    private let objective: ObjectiveKind
    private let options: LoadOptions
    private let pooling: PoolingOptions
    private let command: ReplayCommand

    /// - Throws: `CommandError`.
    init(_ command: ReplayCommand) throws {
        self.command = command
        model = try command.folder.resolved()
        batches = try Self.files(command.batch)
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
        return try await ModelThread().run { try catchingTorchErrors { try compute() } }
    }

    /// The files that paths name; of a folder, its parts in the order of their numbers.
    private static func files(_ paths: [String]) throws -> [URL] {
        var files: [URL] = []
        for path in paths {
            let url = URL(fileURLWithPath: path)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder),
                isFolder.boolValue
            else {
                try requireFile(path, "--batch")
                files.append(url)
                continue
            }
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: path)
            } catch {
                throw CommandError.cannotRead(path: path, reason: error.localizedDescription)
            }
            let parts =
                names
                .filter { $0.hasPrefix("batch") && $0.hasSuffix(".safetensors") }
                .sorted { ($0.count, $0) < ($1.count, $1) }
            if parts.isEmpty { try requireFile("\(path)/batch.safetensors", "--batch") }
            files += parts.map { url.appending(path: $0) }
        }
        return files
    }

    private func compute() throws -> Replay.Result {
        let metadata = try ReplayBatch.metadata(of: batches[0])
        let conditions = try StepConditions(metadata: metadata, file: batches[0].path)
        if let threads = command.device.threads ?? conditions?.threads {
            LibTorch.setThreadCount(threads)
        }
        var options = options
        // A step that failed in bfloat16 may be finite in another type.
        options.dtype = options.dtype ?? metadata["dtype"].flatMap(DType.init(rawValue:))
        options.adapter = options.adapter ?? conditions.flatMap(adapter)
        let loaded = try PretrainedModel(loading: model, options)
        let files = try batches.map { try ReplayBatch(reading: $0, for: loaded.configuration) }
        let (result, replay): (Replay.Result, Replay)
        if let reconstruction = loaded.reconstruction {
            let goal = ReconstructionObjective(
                reconstruction, try reconstructionSettings(metadata))
            try conditions?.apply(to: loaded.store)
            replay = Replay(loaded)
            result = replay.run(goal, try files.map { try $0.reconstruction() })
        } else {
            let settings = try contrastiveSettings(metadata, loaded.configuration)
            let goal = ContrastiveObjective(
                EmbeddingModel(loaded.backbone, settings.pooling), settings.loss,
                logScale: settings.loss.learnsTemperature
                    ? ContrastiveObjective.logScale(
                        of: loaded, temperature: settings.loss.temperature) : nil)
            try conditions?.apply(to: loaded.store)
            replay = Replay(loaded)
            let tokensMax = metadata["mini_batch_tokens"].flatMap { Int($0) } ?? .max
            result = replay.run(
                goal, try files.map { try $0.contrastive().inPieces(tokensMax: tokensMax) })
        }
        if let gradients { try replay.writeGradients(to: gradients) }
        return result
    }

    /// The adapters beside the weights of a step that a run kept; another model has none.
    private func adapter(_ conditions: StepConditions) -> AdapterChoice? {
        let folder = model.appending(path: StepConditions.adapterName)
        guard conditions.hasAdapters, FileManager.default.fileExists(atPath: folder.path) else {
            return nil
        }
        return .stored(folder, seed: conditions.seed)
    }

    private func reconstructionSettings(
        _ metadata: [String: String]
    ) throws -> ReconstructionObjective.Settings {
        var saved = Recipe.ObjectiveSettings.reconstruction(.init())
        try saved.read(metadata: metadata, file: batches[0].path)
        guard case .reconstruction(let settings) = saved else { return .init() }
        var loss = settings.loss
        loss.maeWeight = command.maeWeight ?? loss.maeWeight
        loss.tokenTarget = command.mlmTarget ?? loss.tokenTarget
        return loss
    }

    /// What an option does not say is as the file was saved, else as the model's contract says.
    private func contrastiveSettings(
        _ metadata: [String: String], _ configuration: any BackboneConfiguration
    ) throws -> (loss: ContrastiveObjective.Settings, pooling: PoolingSettings) {
        let width = configuration.vectorLength
        let contract = try EmbeddingContract(of: model, vectorLength: width)
        var plain = Recipe.Contrastive()
        plain.loss.masksRepeatedPositives = false
        plain.attention = contract?.attention ?? plain.attention
        plain.pooling = contract?.pooling ?? plain.pooling
        var saved = Recipe.ObjectiveSettings.contrastive(plain)
        try saved.read(metadata: metadata, file: batches[0].path)
        guard case .contrastive(let settings) = saved else { return (plain.loss, .init()) }
        var loss = settings.loss
        if let temperature = command.temperature {
            (loss.temperature, loss.learnsTemperature) = (temperature, false)
        }
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
