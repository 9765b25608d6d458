// The work of `moca reconstruct`: pictures to triptychs.

import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaImage
import MoCaModel
import MoCaObjectives
import MoCaProcessing
import MoCaReport
import MoCaSystem
import Safetensors
import Torch

/// One run.
struct ReconstructRun: Sendable {
    private let model: URL
    private let output: URL
    private let command: ReconstructCommand
    private let options: LoadOptions

    /// - Throws: `CommandError`.
    init(_ command: ReconstructCommand) throws {
        self.command = command
        model = try command.folder.resolved()
        output = URL(fileURLWithPath: command.output, isDirectory: true)
        options = LoadOptions(
            dtype: command.device.dtype.dtype, device: try command.device.resolvedDevice(),
            purpose: .pretraining, adapter: try command.adapter.resolved().map { .stored($0) })
    }

    /// Reconstructs all pictures, and writes them.
    ///
    /// - Throws: a `UserFacingError`.
    func write() async throws -> ReconstructionList {
        command.device.applyThreads()
        return try await ModelThread().run { try catchingTorchErrors { try compute() } }
    }

    private func compute() throws -> ReconstructionList {
        // Without this, heads that a checkpoint lacks would be drawn at random.
        let names = try CheckpointKeys.table(of: SafetensorsCheckpoint(opening: model).names)
        guard names.keys.contains(where: CheckpointKeys.isPretrainingHead) else {
            throw CommandError.noPretrainingHeads(model: model.path)
        }
        let loaded = try PretrainedModel(loading: model, options)
        guard let reconstruction = loaded.reconstruction else {
            preconditionFailure("a model for pre-training has its heads")
        }
        let processor = try Processor(
            folder: model, configuration: loaded.configuration, budget: try budget(loaded))
        let masking = Masking(
            .init(mlmRatio: 0, maeRatio: command.maeRatio),
            maskToken: loaded.configuration.inputRules.imageToken, specialTokens: [])
        try makeFolder()
        var list = ReconstructionList(
            seed: command.seed, maeRatio: command.maeRatio, items: [])
        for (number, path) in command.paths.enumerated() {
            let outline = try processor.outline(.image(URL(fileURLWithPath: path)))
            let images = processor.images.configuration
            guard let patches = try processor.patches(of: outline, rule: .onePass).first else {
                preconditionFailure("the outline of an image has one")
            }
            var random = RandomSource(seed: command.seed, name: "reconstruct/\(number)")
            let result = try reconstruction.reconstruct(
                outline.sequence, pixels: PatchPixels(patches, images.normalization),
                masking: masking, using: &random)
            let picture = PatchPicture(patches, settings: images)
            let panels = try draw(picture, result, name: "\(number + 1)")
            list.items.append(
                .init(
                    path: path, panels: panels,
                    maskedPatches: result.maskedGroups.count
                        * loaded.configuration.inputRules.patch.mergeUnit,
                    patches: outline.patchCount, meanSquaredError: result.meanSquaredError,
                    baselineError: result.baselineError))
        }
        try write(Data((try Message.json(list) + "\n").utf8), to: ReconstructionList.fileName)
        return list
    }

    /// The contract's limits, else those of the image processor's file.
    private func budget(_ loaded: PretrainedModel) throws -> PixelBudget? {
        let width = loaded.configuration.vectorLength
        let contract = try EmbeddingContract(of: model, vectorLength: width)
        guard let contract, let low = contract.minPixels, let high = contract.maxPixels else {
            return nil
        }
        return PixelBudget(minPixels: low, maxPixels: high)
    }

    /// A panel's longer side is at least this long.
    private static let sideMin = 224

    private func draw(
        _ picture: PatchPicture, _ result: PatchReconstruction, name: String
    ) throws -> ReconstructionList.Panels {
        let shortest = picture.image()
        let longer = max(shortest.width, shortest.height)
        let scale = max(1, (Self.sideMin + longer - 1) / longer)
        let images = [
            picture, picture.covering(result.maskedGroups),
            picture.replacing(result.maskedGroups, with: result.predictions),
        ].map { $0.image(scale: scale) }
        let panels = ReconstructionList.Panels(
            all: "\(name).png", original: "\(name)-original.png", masked: "\(name)-masked.png",
            reconstructed: "\(name)-reconstructed.png")
        try write(PixelImage.row(images, gap: 8).png(), to: panels.all)
        try write(images[0].png(), to: panels.original)
        try write(images[1].png(), to: panels.masked)
        try write(images[2].png(), to: panels.reconstructed)
        return panels
    }

    private func makeFolder() throws {
        do {
            try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        } catch {
            throw CommandError.cannotWrite(path: output.path, reason: error.localizedDescription)
        }
    }

    private func write(_ data: Data, to name: String) throws {
        let file = output.appending(path: name)
        do {
            try AtomicFile.write(data, to: file)
        } catch {
            throw CommandError.cannotWrite(path: file.path, reason: error.fileReason)
        }
    }
}
