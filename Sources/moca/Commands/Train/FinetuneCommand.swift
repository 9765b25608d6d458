// `moca finetune`: contrastive training from a recipe.

import ArgumentParser
import MoCaTraining

/// Trains on queries and documents.
struct FinetuneCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "finetune",
        abstract: "Fine-tune a model with queries, their documents and hard negatives.",
        discussion: TrainingOptions.discussion)

    @OptionGroup var training: TrainingOptions
    @OptionGroup var verbosity: VerbosityOptions

    func run() async throws {
        try await training.run(.finetune)
    }
}
