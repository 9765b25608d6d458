// `moca model`: what can be done with a model's folder.

import ArgumentParser

/// The commands about models.
struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Inspect, make and check models.",
        subcommands: [
            ModelInfoCommand.self, ModelInitCommand.self, ModelMergeCommand.self,
            ModelAverageCommand.self, ModelVerifyCommand.self,
        ])
}
