// `moca data show`: a page of samples as the model sees them.

import ArgumentParser
import Foundation
import MoCaReport
import MoCaTraining

/// Writes a page of training samples.
struct DataShowCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show samples as the model sees them, on one HTML page.",
        discussion: """
            Pictures are those that go into the model, after resizing, with masked patches covered; \
            texts are tokens, with prompts, masks and what truncation cuts off; queries, positives \
            and negatives stand side by side. A recipe says how samples are prepared; without one, \
            the model's files do. Weights are not read.
            """)

    @Option(
        help: ArgumentHelp("The recipe whose data is shown.", valueName: "recipe.yaml"))
    var recipe: String?

    @Argument(
        help: ArgumentHelp(
            "Without a recipe: folders of subsets, or folders of such folders.",
            valueName: "folder"))
    var folders: [String] = []

    @Option(
        help: ArgumentHelp(
            "The model: a folder in Hugging Face layout, or ORG/NAME[@REVISION] of the Hugging "
                + "Face Hub (default: the recipe's, else $MOCA_MODEL, else the model that comes "
                + "with the program).", valueName: "model"))
    var model: String?

    @OptionGroup var hub: HubOptions

    @Option(
        help: ArgumentHelp(
            "Where relative paths of images start, without a recipe (default: the working folder).",
            valueName: "dir"))
    var images: String?

    @Option(help: ArgumentHelp("Samples to show, the same of each subset.", valueName: "n"))
    var count = 12

    @Option(help: ArgumentHelp("Which samples, and what is masked.", valueName: "n"))
    var seed: UInt64 = 0

    @Option(help: ArgumentHelp("The page.", valueName: "file.html"))
    var output = "samples.html"

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        try requirePositive(count, "--count")
        guard (recipe == nil) != folders.isEmpty else {
            throw ValidationError("Give either --recipe RECIPE.yaml or folders.")
        }
        if recipe != nil, images != nil {
            throw ValidationError("The recipe says where the images are: leave out --images.")
        }
    }

    func run() async throws {
        try requireWritableFile(output, reading: folders + [recipe].compactMap { $0 })
        let preview = try SamplePreview(settings())
        let samples = try preview.samples(count: count, seed: seed)
        let sheet = SampleSheet(preview: preview, samples: samples, seed: seed)
        try sheet.report(source: recipe ?? folders.joined(separator: ", "))
            .write(to: URL(fileURLWithPath: output))
        print(output)
        let unusable = samples.count { $0.problem != nil }
        if unusable > 0 {
            Message.write("warning: \(unusable) of \(samples.count) samples cannot be used")
        }
    }

    private func settings() throws -> PreviewSettings {
        let folder = try model.map { try hub.folder($0, "--model") }
        if let recipe {
            try requireFile(recipe, "--recipe")
            let read = try Recipe(ofAnyStage: URL(fileURLWithPath: recipe))
            let resolved =
                folder == nil ? try hub.downloading { try read.resolvingModel($0) } : read
            return try PreviewSettings(resolved, model: folder)
        }
        for path in folders { try requireFile(path, "FOLDER") }
        if let images { try requireFile(images, "--images") }
        let here = FileManager.default.currentDirectoryPath
        return try PreviewSettings(
            folders: folders.map { URL(fileURLWithPath: $0, isDirectory: true) },
            images: URL(fileURLWithPath: images ?? here, isDirectory: true),
            model: try folder ?? DefaultModel.folder(hub))
    }
}
