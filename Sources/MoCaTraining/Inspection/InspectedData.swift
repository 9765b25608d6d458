// Data that is checked or counted as training would read it: a recipe's, or that of folders.

package import Foundation
package import MoCaCore
import MoCaData
package import MoCaDataCheck
package import MoCaImage
import MoCaModel
import MoCaProcessing
import MoCaSystem
import MoCaTables
import MoCaTokenizer

/// Data folders, and the settings with which a run would read them.
package struct InspectedData: Sendable {
    /// The recipe; nil if folders were given.
    package let recipe: Recipe?
    /// The folders of the subsets.
    package let folders: [URL]
    /// The folder that relative image paths are resolved against.
    package let images: URL
    /// The model whose tokenizer and settings count tokens; nil if there is none.
    package let model: URL?
    /// The maximum number of tokens of a content; nil for no limit.
    package let maxLength: Int?
    /// The number of threads that read and decode.
    package var threads = ProcessInfo.processInfo.activeProcessorCount

    /// Settings that replace those of a recipe; nil keeps them.
    package struct Changes: Sendable {
        package var images: URL?
        package var model: URL?
        package var maxLength: Int?

        package init() {}
    }

    /// Creates the data of a recipe.
    ///
    /// - Throws: `DataError`.
    package init(_ recipe: Recipe, changes: Changes = Changes()) throws {
        self.recipe = recipe
        folders = try recipe.data.subsetFolders()
        images = changes.images ?? recipe.data.images
        model = changes.model ?? recipe.model.folder
        maxLength = changes.maxLength ?? recipe.data.maxLength
    }

    /// Creates the data of folders, each a subset or a folder of subsets. Without `images`, paths
    /// of images are relative to the working folder.
    ///
    /// - Throws: `DataError`.
    package init(folders: [URL], settings: Changes = Changes()) throws {
        recipe = nil
        self.folders = try subsetFolders(in: folders)
        images =
            settings.images
            ?? URL(fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true)
        model = settings.model
        maxLength = settings.maxLength
    }

    /// The kind of the records that the recipe requires; nil without a recipe.
    package var kind: RecordKind? {
        recipe.map { $0.stage == .pretrain ? .pretraining : .contrastive }
    }

    /// The prices of tokens in a recipe's batches by cost; nil for batches of pairs, and without a
    /// recipe.
    package var prices: TokenPrices? {
        guard let recipe, recipe.stage == .pretrain else { return nil }
        return TokenPrices(
            imageToken: recipe.batch.imageTokenCost, image: recipe.batch.imageCost)
    }

    /// The image preprocessor of the model, or MoCa's default.
    ///
    /// - Throws: `ImageError`.
    package func imagePreprocessor() throws -> ImagePreprocessor {
        guard let model else { return ImagePreprocessor(configuration: .init()) }
        return ImagePreprocessor(configuration: try imageSettings(of: model))
    }

    private func imageSettings(of model: URL) throws -> ImageProcessorConfiguration {
        try recipe?.data.imageSettings(of: model) ?? ImageProcessorConfiguration(model: model)
    }

    /// A meter that counts tokens as in training; nil without a model.
    ///
    /// - Parameter policy: the treatment of contents over the limit; nil = the recipe's policy,
    ///   else `end`.
    /// - Throws: the errors of reading the model's files.
    package func meter(_ policy: TruncationPolicy? = nil) throws -> TokenMeter? {
        guard let model else { return nil }
        let configuration = try PretrainedModel.configuration(of: model)
        let images = try imageSettings(of: model)
        let truncation = maxLength.map {
            Truncation(maxLength: $0, policy: policy ?? recipe?.data.truncation ?? .end)
        }
        let processor = try Processor(
            tokenizer: Tokenizer(contentsOf: model),
            images: ImagePreprocessor(configuration: images), configuration: configuration,
            truncation: truncation)
        let prompting = try recipe.map { try Prompting($0.data.prompts) }
        var negatives = Int.max
        if case .contrastive(let settings) = recipe?.objective {
            negatives = settings.hardNegatives
        }
        return TokenMeter(
            processor, negativesMax: negatives,
            fingerprint: try fingerprint(model, images, truncation, negatives)
        ) { content, side, subset in
            guard let prompting, let side = Prompting.Side(rawValue: side.rawValue) else {
                return content
            }
            return prompting(content, side, subset: subset)
        }
    }

    /// A text of everything except the records that affects a count.
    private func fingerprint(
        _ model: URL, _ images: ImageProcessorConfiguration, _ truncation: Truncation?,
        _ negatives: Int
    ) throws -> String {
        var parts = ["\(images)", "\(String(describing: truncation))", "\(negatives)"]
        let names = ["tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"]
        for name in names + ["added_tokens.json", "special_tokens_map.json", "config.json"] {
            let file = model.appending(path: name)
            guard FileManager.default.fileExists(atPath: file.path) else { continue }
            parts.append("\(name) \(try CountCache.identity(ofFile: file).text)")
        }
        if let prompts = recipe?.data.prompts { parts += Self.texts(of: prompts) }
        return parts.joined(separator: "\n")
    }

    /// The prompts as strings in a fixed order.
    private static func texts(of prompts: Recipe.Prompts) -> [String] {
        let subsets = prompts.subsets.sorted { $0.key < $1.key }
        return prompts.removed.map { "removed \($0)" } + ["\(prompts.templates)"]
            + subsets.map { "\($0.key) \($0.value)" }
    }
}
