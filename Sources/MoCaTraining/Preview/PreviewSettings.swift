// What decides how samples look to the model, from a recipe or from folders and a model alone.

package import Foundation
import MoCaCore
import MoCaData
import MoCaModel
package import MoCaObjectives
package import MoCaProcessing
import MoCaTables

/// Data, and how a run would prepare it.
package struct PreviewSettings: Sendable {
    package let stage: Recipe.Stage
    /// Folders of subsets.
    package let folders: [URL]
    /// The model's folder: configuration, tokenizer and image processor; weights are not read.
    package let model: URL
    package let truncation: Truncation?
    /// What is masked in pre-training.
    package let masking: Masking.Settings
    let images: URL
    let prompts: Recipe.Prompts
    let pixels: PixelLimits
    /// Negatives of a query that are shown, at most.
    let hardNegatives: Int

    /// Limits that replace those of the model's files.
    struct PixelLimits: Sendable {
        var min: Int?
        var max: Int?
    }

    /// What a recipe says.
    ///
    /// - Parameter model: where configuration and tokenizer are; nil takes the recipe's model.
    /// - Throws: `DataError`.
    package init(_ recipe: Recipe, model: URL? = nil) throws {
        let data = recipe.data
        (stage, folders, images) = (recipe.stage, try data.subsetFolders(), data.images)
        self.model = model ?? recipe.model.folder
        truncation = data.maxLength.map { Truncation(maxLength: $0, policy: data.truncation) }
        (prompts, pixels) = (data.prompts, PixelLimits(min: data.minPixels, max: data.maxPixels))
        switch recipe.objective {
        case .reconstruction(let settings):
            (masking, hardNegatives) = (settings.masking, 0)
        case .contrastive(let settings):
            (masking, hardNegatives) = (.init(), settings.hardNegatives)
        }
    }

    /// Folders as they are: prompts, limits and lengths are those of the model's contract, masks
    /// those that MoCa's released code trains with. The records of the first folder say which
    /// stage they are of.
    ///
    /// - Throws: `DataError`, `ModelError`, an error of the file system.
    package init(folders: [URL], images: URL, model: URL) throws {
        self.folders = try subsetFolders(in: folders)
        (self.images, self.model) = (images, model)
        stage = try Self.stage(of: self.folders)
        let contract = try EmbeddingContract(of: model) ?? EmbeddingContract()
        pixels = PixelLimits(min: contract.minPixels, max: contract.maxPixels)
        truncation = contract.maxLength.map {
            Truncation(maxLength: $0, policy: contract.truncation ?? .end)
        }
        var prompts = Recipe.Prompts()
        if stage == .contrastive {
            prompts.templates.query = contract.prompts[.query]
            prompts.templates.positive = contract.prompts[.document]
        }
        self.prompts = prompts
        (masking, hardNegatives) = (.init(), .max)
    }

    private static func stage(of folders: [URL]) throws -> Recipe.Stage {
        for file in try folders.flatMap(dataFiles) {
            if let isContrastive = try isContrastive(openRecordFile(file)) {
                return isContrastive ? .contrastive : .pretraining
            }
        }
        return .pretraining
    }

    /// Whether records have a query; nil of a file without records.
    private static func isContrastive(_ file: any RecordFile) throws -> Bool? {
        if let names = file.columnNames { return names.contains("qry") }
        guard !file.blockRows.isEmpty else { return nil }
        // Lines have keys of their own: the first one decides.
        var first: Row?
        try file.forEachBatch(ofBlock: 0, columns: ["qry"], batchRows: 1) { batch in
            if first == nil, batch.count > 0 { first = try batch.row(0) }
        }
        return try first.map { try $0.cell("qry") != .null }
    }
}
