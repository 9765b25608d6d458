// `moca index`: builds an index from folders of images and texts.

import ArgumentParser
import Foundation
import MoCaEmbedding
import MoCaSearch
import MoCaVectors
import Synchronization

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
        let options = try model.embedderOptions()
        let builder = IndexBuilder(
            folder: URL(fileURLWithPath: index, isDirectory: true),
            embedder: try await Embedder(loading: folder, options: options),
            model: try ModelIdentity(of: folder, options), settings: VectorSettings(options),
            passageLength: passageLength)
        let meter = StepMeter()
        let report = try await builder.update(
            paths: paths.map { URL(fileURLWithPath: $0) },
            progress: { step in
                switch step {
                case .found(let items): meter.start(total: items)
                case .done(let count): meter.add(count)
                }
            }, isInterrupted: { interruption.hasHappened })
        meter.finish()
        try tell(report)
        guard report.failed.isEmpty else {
            throw SearchError.filesLeftOut(index: index, count: report.failed.count)
        }
    }

    private func tell(_ report: IndexBuilder.Report) throws {
        for (reason, files) in Dictionary(grouping: report.skipped, by: \.reason).sorted(
            by: { $0.key < $1.key })
        {
            let names = files.prefix(3).map { URL(fileURLWithPath: $0.path).lastPathComponent }
            Message.write(
                "skipped \(files.count == 1 ? "1 file" : "\(files.count) files"): \(reason) "
                    + "(\(names.joined(separator: ", "))\(files.count > 3 ? ", ..." : ""))")
        }
        for file in report.failed { Message.write("left out \(file.path): \(file.reason)") }
        if json { return try Message.printJSON(report) }
        print(
            "\(report.items) items of \(report.files) files; embedded \(report.embedded), "
                + (report.copied == 0 ? "" : "\(report.copied) are copies of these, ")
                + "removed \(report.removed) files")
    }
}

/// A progress bar whose total becomes known later; shows nothing without a terminal.
final class StepMeter: Sendable {
    private let bar = Mutex<ProgressBar?>(nil)

    /// Starts a bar, and finishes the previous one.
    func start(total: Int?) {
        finish()
        guard ProgressBar.isShown, total != 0 else { return }
        let new = ProgressBar(total: total)
        new.add(0)
        bar.withLock { $0 = new }
    }

    /// Counts more items as done.
    func add(_ count: Int) {
        bar.withLock { $0 }?.add(count)
    }

    /// Ends the bar's line.
    func finish() {
        let old = bar.withLock { bar in
            defer { bar = nil }
            return bar
        }
        old?.finish()
    }
}
