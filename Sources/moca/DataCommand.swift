// `moca data`: what can be done with training data.

import ArgumentParser

/// The commands about data.
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Check and count training data.",
        subcommands: [DataCheckCommand.self, DataStatsCommand.self])
}
