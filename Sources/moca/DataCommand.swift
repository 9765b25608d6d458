// `moca data`: what can be done with training data before any training.

import ArgumentParser

/// The commands about data.
struct DataCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "data", abstract: "Look at training data, and make it better.",
        subcommands: [DataMineCommand.self, DataShowCommand.self])
}
