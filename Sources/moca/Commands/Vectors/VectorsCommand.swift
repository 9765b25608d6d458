// `moca vectors`: commands on files of vectors.

import ArgumentParser

/// The commands on vectors.
struct VectorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vectors", abstract: "Work on vectors that were embedded.",
        subcommands: [VectorsMergeCommand.self])
}
