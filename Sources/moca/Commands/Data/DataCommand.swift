// `moca data`: commands on training data.

import ArgumentParser

/// The commands on training data.
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Get training data, check it, look at it, make it better.",
        subcommands: [
            DataPrepareCommand.self, DataCheckCommand.self, DataStatsCommand.self,
            DataShowCommand.self, DataMineCommand.self,
        ])
}
