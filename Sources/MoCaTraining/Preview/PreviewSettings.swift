// The settings of a sample preview, from a recipe or from data folders and a model.

package import Foundation
import MoCaCore
import MoCaData
import MoCaModel
package import MoCaObjectives
package import MoCaProcessing
import MoCaTables

/// Data folders and the settings with which a run would prepare their samples.
package struct PreviewSettings: Sendable {
    package let stage: Recipe.Stage
    /// The folders of the subsets.
    package let folders: [URL]
    /// The model's folder: configuration, tokenizer and image processor; weights are not read.
    package let model: URL
    package let truncation: Truncation?
    /// The masking settings of pre-training.
    package let masking: Masking.Settings
    let images: URL
    let prompts: Recipe.Prompts
    let pixels: PixelLimits
    /// The maximum number of negatives shown for each query.
    let hardNegatives: Int
    /// Which orientation tags of image files are applied; nil selects the model's own policy.
    let orientation: OrientationPolicy?

    /// Pixel limits that replace those of the model's files.
    struct PixelLimits: Sendable {
        var min: Int?
        var max: Int?
    }

    /// Creates the settings of a recipe.
    ///
    /// - Parameter model: The folder of configuration and tokenizer; nil selects the recipe's.
    /// - Throws: `DataError`.
    package init(_ recipe: Recipe, model: URL? = nil) throws {
        let data = recipe.data
        (stage, folders, images) = (recipe.stage, try data.subsetFolders(), data.images)
        self.model = model ?? recipe.model.folder
        truncation = data.maxLength.map { Truncation(maxLength: $0, policy: data.truncation) }
        (prompts, pixels) = (data.prompts, PixelLimits(min: data.minPixels, max: data.maxPixels))
        orientation = data.orientation
        switch recipe.objective {
        case .reconstruction(let settings):
            (masking, hardNegatives) = (settings.masking, 0)
        case .contrastive(let settings):
            (masking, hardNegatives) = (.init(), settings.hardNegatives)
        }
    }

    /// Creates the settings for data folders without a recipe: prompts, limits and lengths are
    /// those of the model's contract, masking ratios those of MoCa's released code. The first
    /// record determines the stage.
    ///
    /// - Throws: `DataError`, `ModelError`, `ProcessingError`, or an error of the file system.
    package init(folders: [URL], images: URL, model: URL) throws {
        self.folders = try subsetFolders(in: folders)
        (self.images, self.model) = (images, model)
        stage = try Self.stage(of: self.folders)
        let contract = try TrainingSetup.baseContract(model, weights: model)
        pixels = PixelLimits(min: contract.minPixels, max: contract.maxPixels)
        orientation = contract.orientation
        truncation = contract.maxLength.map {
            Truncation(maxLength: $0, policy: contract.truncation ?? .end)
        }
        var prompts = Recipe.Prompts()
        if stage == .finetune {
            prompts.templates.query = contract.prompts[.query]
            prompts.templates.positive = contract.prompts[.document]
        }
        self.prompts = prompts
        (masking, hardNegatives) = (.init(), .max)
    }

    private static func stage(of folders: [URL]) throws -> Recipe.Stage {
        for file in try folders.flatMap(dataFiles) {
            if let isContrastive = try isContrastive(openRecordFile(file)) {
                return isContrastive ? .finetune : .pretrain
            }
        }
        return .pretrain
    }

    /// Returns whether records have a query; nil for a file without records.
    private static func isContrastive(_ file: any RecordFile) throws -> Bool? {
        if let names = file.columnNames { return names.contains("qry") }
        guard !file.blockRows.isEmpty else { return nil }
        // The keys of JSON lines may differ; the first line decides.
        var first: Row?
        try file.forEachBatch(ofBlock: 0, columns: ["qry"], batchRows: 1) { batch in
            if first == nil, batch.count > 0 { first = try batch.row(0) }
        }
        return try first.map { try $0.cell("qry") != .null }
    }
}
