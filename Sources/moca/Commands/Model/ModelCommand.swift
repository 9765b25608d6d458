// `moca model`: commands on a model's folder.

import ArgumentParser

/// The commands on models.
struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model", abstract: "Inspect, make and check models.",
        subcommands: [
            ModelInfoCommand.self, ModelInitCommand.self, ModelMergeCommand.self,
            ModelAverageCommand.self, ModelVerifyCommand.self, ModelListCommand.self,
            ModelFetchCommand.self,
        ])
}
