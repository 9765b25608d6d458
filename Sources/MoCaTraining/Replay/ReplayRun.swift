// A replay run: an objective built from a request, the files' metadata and the defaults.

import Foundation
import MoCaModel
import MoCaObjectives
import MoCaProcessing
import Torch

/// Computes saved batches as the step that wrote them did.
package struct ReplayRun: Sendable {
    private let request: ReplayRequest
    /// The micro-batches of one step, which all have the same metadata.
    private let files: [URL]
    /// The stage of the files.
    let stage: Recipe.Stage

    /// Finds the batch files of a request, and the stage that they are of.
    ///
    /// - Throws: `ReplayError.noBatch`, `.unknownObjective`, `.otherObjective`,
    ///   `TrainingError.unreadableFile`, `SafetensorsError`.
    package init(_ request: ReplayRequest) throws {
        self.request = request
        files = try request.batches.flatMap(Self.parts)
        precondition(!files.isEmpty, "a batch is required")
        var stage = request.stage
        for file in files {
            guard let found = try ReplayBatch.stage(of: file) else { continue }
            if let stage, found != stage {
                throw ReplayError.otherObjective(
                    file: file.path, objective: found.objectiveName,
                    expected: stage.objectiveName)
            }
            stage = found
        }
        guard let stage else { throw ReplayError.unknownObjective(file: files[0].path) }
        self.stage = stage
    }

    /// Returns the batch files at a path: all micro-batches of a folder in numerical order, or the
    /// file itself.
    private static func parts(of url: URL) throws -> [URL] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw ReplayError.noBatch(path: url.path)
        }
        guard isFolder.boolValue else { return [url] }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: url.path)
        } catch {
            throw TrainingError.unreadableFile(
                path: url.path, reason: error.localizedDescription)
        }
        let parts =
            names
            .filter { $0.hasPrefix("batch") && $0.hasSuffix(".safetensors") }
            .sorted { ($0.count, $0) < ($1.count, $1) }
        guard !parts.isEmpty else {
            throw ReplayError.noBatch(path: url.appending(path: "batch.safetensors").path)
        }
        return parts.map { url.appending(path: $0) }
    }

    /// Loads the model and computes the batches, on the calling thread.
    ///
    /// - Throws: A `UserFacingError`.
    package func result() throws -> Replay.Result {
        try catchingTorchErrors { try compute() }
    }

    private func compute() throws -> Replay.Result {
        let metadata = try ReplayBatch.metadata(of: files[0])
        let conditions = try FailureDump.Conditions(metadata: metadata, file: files[0].path)
        if let threads = request.threads ?? conditions?.threads {
            LibTorch.setThreadCount(threads)
        }
        let loaded = try PretrainedModel(
            loading: request.model, loadOptions(metadata: metadata, conditions: conditions))
        let batches = try files.map { try ReplayBatch(reading: $0, for: loaded.configuration) }
        let (result, replay): (Replay.Result, Replay)
        if let reconstruction = loaded.reconstruction {
            let objective = ReconstructionObjective(
                reconstruction, try reconstructionSettings(metadata))
            try conditions?.apply(to: loaded.store)
            replay = Replay(loaded)
            result = replay.run(objective, try batches.map { try $0.reconstruction() })
        } else {
            let settings = try contrastiveSettings(metadata, loaded.configuration)
            let objective = ContrastiveObjective(
                EmbeddingModel(loaded.backbone, settings.pooling), settings.loss,
                logScale: settings.loss.learnsTemperature
                    ? ContrastiveObjective.logScale(
                        of: loaded, temperature: settings.loss.temperature) : nil)
            try conditions?.apply(to: loaded.store)
            replay = Replay(loaded)
            let tokensMax = metadata["mini_batch_tokens"].flatMap { Int($0) } ?? .max
            result = replay.run(
                objective, try batches.map { try $0.contrastive().inPieces(tokensMax: tokensMax) })
        }
        if let gradients = request.gradients { try replay.writeGradients(to: gradients) }
        return result
    }

    private func loadOptions(
        metadata: [String: String], conditions: FailureDump.Conditions?
    ) -> LoadOptions {
        // A step that failed in bfloat16 may be finite in another type.
        let dtype = request.dtype ?? metadata["dtype"].flatMap(DType.init(rawValue:))
        let adapter = request.adapter.map { AdapterChoice.stored($0) }
        return LoadOptions(
            dtype: dtype, device: request.device,
            purpose: stage == .pretrain ? .pretraining : .embedding,
            isTrainable: true, adapter: adapter ?? conditions.flatMap(keptAdapter))
    }

    /// Returns the adapter in the folder of a saved step; nil for other models.
    private func keptAdapter(_ conditions: FailureDump.Conditions) -> AdapterChoice? {
        let folder = request.model.appending(path: FailureDump.Conditions.adapterName)
        guard conditions.hasAdapters, FileManager.default.fileExists(atPath: folder.path) else {
            return nil
        }
        return .stored(folder, seed: conditions.seed)
    }

    private func reconstructionSettings(
        _ metadata: [String: String]
    ) throws -> ReconstructionObjective.Settings {
        var saved = Recipe.ObjectiveSettings.reconstruction(.init())
        try saved.read(metadata: metadata, file: files[0].path)
        guard case .reconstruction(let settings) = saved else { return .init() }
        var loss = settings.loss
        loss.maeWeight = request.changes.maeWeight ?? loss.maeWeight
        loss.tokenTarget = request.changes.tokenTarget ?? loss.tokenTarget
        return loss
    }

    /// Returns the settings of the request, else of the file, else of the model's contract.
    private func contrastiveSettings(
        _ metadata: [String: String], _ configuration: any BackboneConfiguration
    ) throws -> (loss: ContrastiveObjective.Settings, pooling: PoolingSettings) {
        let width = configuration.vectorLength
        let contract = try EmbedderRules.contract(ofModel: request.model, vectorLength: width)
        var plain = Recipe.Contrastive()
        plain.loss.masksRepeatedPositives = false
        plain.attention = contract.attention ?? plain.attention
        plain.pooling = contract.pooling ?? plain.pooling
        var saved = Recipe.ObjectiveSettings.contrastive(plain)
        try saved.read(metadata: metadata, file: files[0].path)
        guard case .contrastive(let settings) = saved else { return (plain.loss, .init()) }
        let changes = request.changes
        var loss = settings.loss
        if let temperature = changes.temperature {
            loss.temperature = temperature
            loss.learnsTemperature = false
        }
        loss.hardNegativeScope = changes.hardNegativeScope ?? loss.hardNegativeScope
        loss.masksRepeatedPositives =
            changes.masksRepeatedPositives ?? loss.masksRepeatedPositives
        if let dimensions = changes.dimensions, dimensions > width {
            throw ReplayError.badDimensions(dimensions, vectorLength: width)
        }
        let vectors = PoolingSettings(
            attention: changes.attention ?? settings.attention,
            pooling: changes.pooling ?? settings.pooling,
            isNormalized: changes.isNormalized ?? contract.normalize ?? true,
            dimensions: changes.dimensions)
        return (loss, vectors)
    }
}
