// `moca vectors merge`: makes one output of the parts of all shards.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaVectors

/// Merges the parts that `moca embed --shard` wrote.
struct VectorsMergeCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "merge",
        abstract: "Make one output of the parts that moca embed --shard wrote.",
        discussion: """
            All shards must be there, complete, and of the same model, settings and input. The \
            output is byte for byte that of one process on the same kind of device with the same \
            number of threads. Without --output, the first path is the output.
            """)

    @Argument(
        help: ArgumentHelp(
            "The folders of the parts, or folders that hold them (default: those beside the output).",
            valueName: "part"))
    var parts: [String] = []

    @Option(
        help: ArgumentHelp(
            ".npy (with .ids.json beside), .jsonl, .parquet or .safetensors.", valueName: "file"))
    var output: String?

    @Flag(help: "Remove the parts when the output is complete.")
    var removeParts = false

    @Flag(help: "Print counts as one line of JSON.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard output != nil || !parts.isEmpty else {
            throw ValidationError("Give --output FILE.")
        }
    }

    func run() async throws {
        let interruption = Interruption()
        let path = output ?? parts[0]
        let folders = output == nil ? Array(parts.dropFirst()) : parts
        for folder in folders { try requireFile(folder, "PART") }
        try requireWritableFile(path)
        var merge = VectorMerge(
            parts: folders.map { URL(fileURLWithPath: $0, isDirectory: true) },
            output: URL(fileURLWithPath: path))
        merge.removesParts = removeParts
        let bar = ProgressBar(showsInLogs: true)
        let report = try merge.run(
            progress: { completed, total in
                bar.show(WorkProgress("records", completed: completed, total: total))
            }, isInterrupted: { interruption.hasHappened })
        bar.finish()
        for note in report.notes { Message.warn(note) }
        if json { try Message.printJSON(report) }
        if let list = report.errors {
            throw VectorError.recordsLeftOut(
                count: report.records - report.items, total: report.records, list: list)
        }
    }
}
