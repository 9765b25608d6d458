// Draws reconstructions: the original image, the masked image, and the model's prediction.

package import Foundation
import MoCaCore
import MoCaImage
package import MoCaModel
import MoCaObjectives
import MoCaProcessing
import MoCaSystem
import Safetensors
import Torch

/// Masks patches of images, reconstructs them and writes the results into a folder.
package struct PictureReconstruction: Sendable {
    private let model: URL
    private let options: LoadOptions
    private let output: URL
    private let maeRatio: Double
    private let seed: UInt64

    /// Creates a reconstruction job.
    ///
    /// - Parameters:
    ///   - model: A model with pre-training heads.
    ///   - output: The folder of the results.
    ///   - maeRatio: The probability that an image token is masked.
    ///   - seed: The seed of the masks and of the noise in masked patches.
    package init(
        model: URL, options: LoadOptions, output: URL, maeRatio: Double, seed: UInt64
    ) {
        self.model = model
        self.options = options
        self.output = output
        self.maeRatio = maeRatio
        self.seed = seed
    }

    /// Reconstructs the images on the calling thread.
    ///
    /// - Returns: The list of written images.
    /// - Throws: A `UserFacingError`.
    package func write(_ paths: [String]) throws -> ReconstructionList {
        try catchingTorchErrors { try compute(paths) }
    }

    private func compute(_ paths: [String]) throws -> ReconstructionList {
        // Without this check, missing heads would be initialised at random.
        let names = try CheckpointKeys.table(of: SafetensorsCheckpoint(opening: model).names)
        guard names.keys.contains(where: CheckpointKeys.isPretrainingHead) else {
            throw TrainingError.noPretrainingHeads(model: model.path)
        }
        let loaded = try PretrainedModel(loading: model, options)
        guard let reconstruction = loaded.reconstruction else {
            preconditionFailure("a model for pre-training has its heads")
        }
        let processor = try Processor(
            folder: model, configuration: loaded.configuration, budget: try budget())
        let masking = Masking(
            .init(mlmRatio: 0, maeRatio: maeRatio),
            maskToken: loaded.configuration.inputRules.imageToken, specialTokens: [])
        try RunFile.makeFolder(output)
        var list = ReconstructionList(seed: seed, maeRatio: maeRatio, items: [])
        for (number, path) in paths.enumerated() {
            let outline = try processor.outline(.image(URL(fileURLWithPath: path)))
            let images = processor.images.configuration
            guard let patches = try processor.patches(of: outline, rule: .onePass).first else {
                preconditionFailure("the outline of an image has one")
            }
            var random = RandomSource(seed: seed, name: "reconstruct/\(number)")
            let result = try reconstruction.reconstruct(
                outline.sequence, pixels: PatchPixels(patches, images.normalization),
                masking: masking, using: &random)
            let picture = PatchPicture(patches, settings: images)
            list.items.append(
                .init(
                    path: path, panels: try draw(picture, result, name: "\(number + 1)"),
                    maskedPatches: result.maskedGroups.count
                        * loaded.configuration.inputRules.patch.mergeUnit,
                    patches: outline.patchCount, meanSquaredError: result.meanSquaredError,
                    baselineError: result.baselineError))
        }
        try RunFile.write(
            list.fileData(), to: output.appending(path: ReconstructionList.fileName))
        return list
    }

    /// The pixel limits of the contract; nil selects those of the image processor's file.
    private func budget() throws -> PixelBudget? {
        let contract = try TrainingSetup.baseContract(model, weights: model)
        guard let low = contract.minPixels, let high = contract.maxPixels else { return nil }
        return PixelBudget(minPixels: low, maxPixels: high)
    }

    /// The minimum length of a panel's longer side in pixels.
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

    private func write(_ data: Data, to name: String) throws {
        try RunFile.write(data, to: output.appending(path: name))
    }
}
