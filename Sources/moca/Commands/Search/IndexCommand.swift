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
            were ever given. Files under other paths stay as they are. The index keeps its model \
            and settings: leave them out when it is run again.
            """)

    @OptionGroup var model: ModelOptions

    @Option(
        help: ArgumentHelp("The index: a folder, made where it is not there.", valueName: "dir"))
    var index: String

    @Argument(help: ArgumentHelp("Files and folders to index.", valueName: "path"))
    var paths: [String] = []

    @Option(
        help: ArgumentHelp(
            "Characters of a passage, at most (default: the index's own, else "
                + "\(IndexBuilder.standardPassageLength)).", valueName: "n"))
    var passageLength: Int?

    @OptionGroup var instruction: InstructionOption

    @Flag(
        help: "Print one JSON object: items, files, embedded, removed, missing, skipped, failed.")
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
        let builder = try await builder(URL(fileURLWithPath: index, isDirectory: true))
        let bar = ProgressBar()
        let report = try await builder.update(
            paths: paths.map { URL(fileURLWithPath: $0) }, progress: bar.show,
            isInterrupted: { interruption.hasHappened })
        bar.finish()
        for warning in report.warnings { Message.warn(warning) }
        for note in report.notes { Message.write(note) }
        if json { try Message.printJSON(report) } else { print(report.summary) }
        guard report.failed.isEmpty else {
            throw SearchError.filesLeftOut(index: index, count: report.failed.count)
        }
    }

    /// The builder of a new index, or of the one in `folder` with its model and settings.
    private func builder(_ folder: URL) async throws -> IndexBuilder {
        let stored = try IndexManifest(ofIndexIn: folder)
        let modelFolder = try model.folder.resolved(else: stored?.model.location)
        let given = try model.embedderOptions(of: modelFolder, instruction)
        let (options, length) =
            try stored?.completing(given, passageLength: passageLength, in: folder)
            ?? (
                options: given,
                passageLength: passageLength ?? IndexBuilder.standardPassageLength
            )
        return IndexBuilder(
            folder: folder, embedder: try await Embedder(loading: modelFolder, options: options),
            model: try ModelIdentity(of: modelFolder, options), settings: VectorSettings(options),
            passageLength: length)
    }
}
