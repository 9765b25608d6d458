// The data that a command reads, and how training would read it: a recipe, or folders and options.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaData
import MoCaDataCheck
import MoCaImage
import MoCaModel
import MoCaProcessing
import MoCaSystem
import MoCaTokenizer
import MoCaTraining

/// The options that select a recipe or data folders.
struct DataInputOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A recipe: its folders, images, model, prompts, limits and batches.",
            valueName: "recipe.yaml"))
    var recipe: String?

    @Argument(
        help: ArgumentHelp(
            "Folders of data files, each a subset, or folders of such folders.",
            valueName: "folder"))
    var folders: [String] = []

    @Option(
        help: ArgumentHelp(
            "What image paths are relative to (default: the recipe's, else the working folder).",
            valueName: "dir"))
    var images: String?

    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "The model whose tokenizer and image processor count (default: the recipe's).",
            valueName: "dir"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "Tokens of a content, at most (default: the recipe's, else no limit).", valueName: "n"))
    var maxLength: Int?

    @Option(help: ArgumentHelp("Threads that read and decode (default: all).", valueName: "n"))
    var threads: Int?

    func validate() throws {
        guard (recipe == nil) != folders.isEmpty else {
            throw ValidationError("Give either --recipe or folders.")
        }
        try requirePositive(maxLength, "--max-length")
        try requirePositive(threads, "--threads")
    }

    /// The data inputs, read and resolved.
    ///
    /// - Throws: `CommandError`, `DataError`, `TrainingError`.
    func resolved() throws -> DataInputs { try DataInputs(self) }
}

/// The data of a command, and the recipe that it comes from.
struct DataInputs {
    /// The recipe; nil if folders were given.
    let recipe: Recipe?
    /// The folders of the subsets.
    let folders: [URL]
    /// The recipe's file and the data folders, which no output may replace.
    let paths: [String]
    /// The folder that relative image paths are resolved against.
    let images: URL
    /// The kind of the records that the recipe requires.
    let kind: RecordKind?
    /// The number of threads that read and decode.
    let threads: Int
    /// The model whose tokenizer and settings count tokens; nil if none was given.
    let model: URL?
    /// The maximum number of tokens of a content.
    let maxLength: Int?

    fileprivate init(_ options: DataInputOptions) throws {
        if let path = options.recipe { try requireFile(path, "--recipe") }
        for path in options.folders { try requireFile(path, "FOLDER") }
        if let path = options.images { try requireFile(path, "--images") }
        if let path = options.model { try requireFile(path, "--model") }
        recipe = try options.recipe.map { try Recipe(ofAnyStage: URL(fileURLWithPath: $0)) }
        folders =
            try recipe?.data.subsetFolders()
            ?? subsetFolders(in: options.folders.map { URL(fileURLWithPath: $0) })
        images =
            options.images.map { URL(fileURLWithPath: $0, isDirectory: true) }
            ?? recipe?.data.images
            ?? URL(
                fileURLWithPath: FileManager.default.currentDirectoryPath, isDirectory: true)
        kind = recipe.map { $0.stage == .pretraining ? .pretraining : .contrastive }
        threads = options.threads ?? ProcessInfo.processInfo.activeProcessorCount
        model =
            options.model.map { URL(fileURLWithPath: $0, isDirectory: true) }
            ?? recipe?.model.folder
        maxLength = options.maxLength ?? recipe?.data.maxLength
        paths = folders.map(\.path) + [options.recipe].compactMap { $0 }
    }

    /// A meter that counts tokens as in training; nil without a model.
    ///
    /// - Parameter policy: the treatment of contents over the limit; nil = the recipe's policy,
    ///   else `end`.
    /// - Throws: the errors of reading the model's files.
    func meter(_ policy: TruncationPolicy?) throws -> TokenMeter? {
        guard let model else { return nil }
        let configuration = try PretrainedModel.configuration(of: model)
        let images =
            try recipe?.data.imageSettings(of: model)
            ?? ImageProcessorConfiguration(folder: model)
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

    /// The image preprocessor of the model, or MoCa's default.
    ///
    /// - Throws: `ImageError`.
    func imagePreprocessor() throws -> ImagePreprocessor {
        guard let model else { return ImagePreprocessor(configuration: .init()) }
        return ImagePreprocessor(
            configuration: try recipe?.data.imageSettings(of: model)
                ?? ImageProcessorConfiguration(folder: model))
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

extension StepMeter {
    /// Shows the progress of reading records.
    func take(_ step: ReadingStep) {
        switch step {
        case .begins(let total): start(total: total)
        case .done(let count): add(count)
        }
    }
}
