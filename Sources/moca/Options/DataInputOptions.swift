// The data that a command reads, and how training would read it: a recipe, or folders and options.

import ArgumentParser
import Foundation
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
            "The model whose tokenizer and image processor count (default: the recipe's): a "
                + "folder, or ORG/NAME[@REVISION] of the Hugging Face Hub.",
            valueName: "model"))
    var model: String?

    @OptionGroup var hub: HubOptions

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

    /// The recipe's file and the folders, which no output may replace; `data` has the subsets.
    func paths(_ data: InspectedData) -> [String] {
        data.folders.map(\.path) + [recipe].compactMap { $0 }
    }

    /// The data, as training would read it.
    ///
    /// - Throws: `CommandError`, `DataError`, `TrainingError`.
    func resolved() throws -> InspectedData {
        if let recipe { try requireFile(recipe, "--recipe") }
        for path in folders { try requireFile(path, "FOLDER") }
        if let images { try requireFile(images, "--images") }
        var changes = InspectedData.Changes()
        changes.images = images.map { URL(fileURLWithPath: $0, isDirectory: true) }
        changes.model = try model.map { try hub.folder($0, "--model") }
        changes.maxLength = maxLength
        var data =
            if let recipe {
                try InspectedData(self.recipe(at: recipe), changes: changes)
            } else {
                try InspectedData(
                    folders: folders.map { URL(fileURLWithPath: $0) }, settings: changes)
            }
        if let threads { data.threads = threads }
        return data
    }

    /// Reads a recipe; a model that it names by its repository is downloaded if needed.
    private func recipe(at path: String) throws -> Recipe {
        let recipe = try Recipe(ofAnyStage: URL(fileURLWithPath: path))
        return model == nil ? try hub.downloading { try recipe.resolvingModel($0) } : recipe
    }
}
