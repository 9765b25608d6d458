// `moca data`: what can be done with training data.

import ArgumentParser

/// The commands about data.
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Get, check and look at training data.",
        subcommands: [DataPrepareCommand.self])
}
