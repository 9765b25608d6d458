// Reconstructions of a few masked training images during pre-training.

import Foundation
import MoCaCore
import MoCaData
import MoCaImage
import MoCaModel
import MoCaObjectives
import MoCaProcessing
import MoCaRunLog
import MoCaTables
import Torch

/// Reconstructs the same images with the same masks at regular steps of a run.
struct ReconstructionMonitor {
    private struct Picture {
        let record: String
        let outline: InputOutline
        let patches: ImagePatches
    }

    private static let pictureCount = 4
    /// The maximum number of rows of a subset that are searched for images.
    private static let rowCountMax = 64
    /// The target length of a panel's longer side in pixels.
    private static let side = 224

    private let everySteps: Int
    private let totalSteps: Int
    private let seed: UInt64
    private let masking: Masking
    private let model: ReconstructionModel
    private let images: ImageProcessorConfiguration
    private let folder: URL
    private let log: StepLog
    private let events: EventLog
    private let pictures: [Picture]

    /// Selects the images; those that cannot be read are skipped.
    ///
    /// - Throws: `DataError`.
    init(
        _ recipe: Recipe, _ settings: Recipe.Reconstruction, _ start: TrainingSetup,
        _ model: ReconstructionModel, log: StepLog, events: EventLog
    ) throws {
        everySteps = recipe.logging.reconstructionEverySteps
        totalSteps = recipe.schedule.totalSteps
        (seed, folder) = (recipe.seed, recipe.outputFolder)
        (self.model, self.log, self.events) = (model, log, events)
        images = start.processor.images.configuration
        masking = Masking(
            .init(mlmRatio: 0, maeRatio: settings.masking.maeRatio),
            maskToken: start.model.configuration.inputRules.imageToken, specialTokens: [])
        guard everySteps > 0 else {
            pictures = []
            return
        }
        let catalog = try Catalog<PretrainSample>(
            folders: recipe.data.subsetFolders(), images: ImageStore(root: recipe.data.images))
        pictures = Self.pictures(of: catalog, start.processor)
    }

    /// Returns the first images of the subsets, taking one row of each subset in turn.
    private static func pictures(
        of catalog: Catalog<PretrainSample>, _ processor: Processor
    ) -> [Picture] {
        var pictures: [Picture] = []
        for row in 0..<rowCountMax {
            for subset in catalog.subsets where row < subset.rowCount {
                let id = SampleID(subset: subset.name, row: row)
                // A record that fails here also fails in training, where the error is handled.
                let found = Result { try picture(id, of: catalog, processor) }
                if case .success(let picture?) = found { pictures.append(picture) }
                if pictures.count == pictureCount { return pictures }
            }
        }
        return pictures
    }

    private static func picture(
        _ id: SampleID, of catalog: Catalog<PretrainSample>, _ processor: Processor
    ) throws -> Picture? {
        guard let image = try catalog.sample(id).content.images.first else { return nil }
        let outline = try processor.outline(Content([.image(image)]))
        guard outline.plans.count == 1 else { return nil }
        return try processor.patches(of: outline, rule: .onePass).first.map {
            Picture(record: id.description, outline: outline, patches: $0)
        }
    }

    /// Writes the reconstructions if they are due after the finished step.
    ///
    /// - Throws: `TrainingError.cannotWrite`, `TorchError`, `ModelError`, `ImageError`.
    func end(step: Int) throws {
        guard everySteps > 0, !pictures.isEmpty,
            step.isMultiple(of: everySteps) || step == totalSteps
        else { return }
        try RunFile.makeFolder(folder.appending(path: ReconstructionRow.folderName))
        for (index, picture) in pictures.enumerated() {
            var random = RandomSource(seed: seed, name: "reconstruction/\(index)")
            let result = try catchingTorchErrors {
                try model.reconstruct(
                    picture.outline.sequence,
                    pixels: PatchPixels(picture.patches, images.normalization), masking: masking,
                    using: &random)
            }
            try write(result, picture, number: index + 1, step: step)
        }
    }

    private func write(
        _ result: PatchReconstruction, _ picture: Picture, number: Int, step: Int
    ) throws {
        let patches = PatchPicture(picture.patches, settings: images)
        let panels = [
            patches, patches.covering(result.maskedGroups),
            patches.replacing(result.maskedGroups, with: result.predictions),
        ].map(Self.panel)
        let names = ["original-\(number)", "masked-\(number)", "\(step)-\(number)"].map {
            "\(ReconstructionRow.folderName)/\($0).png"
        }
        for (panel, name) in zip(panels, names) {
            try RunFile.write(panel.png(), to: folder.appending(path: name))
        }
        let patchesPerGroup = images.mergeSize * images.mergeSize
        var row = ReconstructionRow(
            step: step, imageIndex: number, record: picture.record,
            files: .init(original: names[0], masked: names[1], reconstructed: names[2]),
            patchCount: (result.maskedGroups.count * patchesPerGroup, picture.outline.patchCount))
        row.meanSquaredError = result.meanSquaredError
        row.baselineError = result.baselineError
        try log.append(row: row)
        let image = PixelImage.row(panels, gap: 4)
        try events.draw(
            [
                (
                    "reconstructions/\(number)",
                    .image(try image.png(), width: image.width, height: image.height)
                )
            ], step: step)
    }

    /// Returns an image for a panel: small images are enlarged by an integer factor, large ones
    /// reduced.
    private static func panel(_ picture: PatchPicture) -> PixelImage {
        let image = picture.image()
        let scale = side / max(image.width, image.height)
        return scale > 1 ? picture.image(scale: scale) : image.thumbnail(side: side)
    }
}
