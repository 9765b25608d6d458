// `moca data`: what can be done with training data before any training.

import ArgumentParser

/// The commands about data.
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Get training data, check it, look at it, make it better.",
        subcommands: [
            DataPrepareCommand.self, DataCheckCommand.self, DataStatsCommand.self,
            DataShowCommand.self, DataMineCommand.self,
        ])
}
