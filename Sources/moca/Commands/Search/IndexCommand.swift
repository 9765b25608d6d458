// `moca index`: builds an index from folders of images and texts.

import ArgumentParser
import Foundation
import MoCaEmbedding
import MoCaSearch
import MoCaVectors

/// Creates or updates an index.
struct IndexCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "Index folders of images and texts for search.",
        discussion: """
            Images, .txt and .md files (a passage of paragraphs each item) and .jsonl files (a \
            record a line, as for embed) are embedded. Run again, it embeds what is new or has \
            changed under the paths, and drops what is gone; without paths, under all paths that \
            were ever given. Files under other paths stay as they are.
            """)

    @OptionGroup var model: ModelOptions

    @Option(
        help: ArgumentHelp("The index: a folder, made where it is not there.", valueName: "dir"))
    var index: String

    @Argument(help: ArgumentHelp("Files and folders to index.", valueName: "path"))
    var paths: [String] = []

    @Option(help: ArgumentHelp("Characters of a passage, at most.", valueName: "n"))
    var passageLength = 1200

    @OptionGroup var instruction: InstructionOption

    @Flag(help: "Print one JSON object: items, files, embedded, removed, skipped, failed.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        try requirePositive(passageLength, "--passage-length")
    }

    func run() async throws {
        let interruption = Interruption()
        for path in paths where !FileManager.default.fileExists(atPath: index) {
            try requireFile(path, "PATH")
        }
        try requireWritableFolder(index)
        let folder = try model.folder.resolved()
        let options = try model.embedderOptions(instruction)
        let builder = IndexBuilder(
            folder: URL(fileURLWithPath: index, isDirectory: true),
            embedder: try await Embedder(loading: folder, options: options),
            model: try ModelIdentity(of: folder, options), settings: VectorSettings(options),
            passageLength: passageLength)
        let bar = ProgressBar()
        let report = try await builder.update(
            paths: paths.map { URL(fileURLWithPath: $0) }, progress: bar.show,
            isInterrupted: { interruption.hasHappened })
        bar.finish()
        for note in report.notes { Message.write(note) }
        if json { try Message.printJSON(report) } else { print(report.summary) }
        guard report.failed.isEmpty else {
            throw SearchError.filesLeftOut(index: index, count: report.failed.count)
        }
    }
}
