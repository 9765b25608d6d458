// `moca data prepare`: makes data folders from a manifest.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaDataPreparation
import Synchronization

/// Downloads, joins, unpacks and verifies data.
struct DataPrepareCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare",
        abstract: "Fetch, join, unpack and verify the data that a manifest names.",
        discussion: """
            May be stopped or killed at any moment: run again, it goes on, and what is finished is \
            not done again. Manifests for published data sets are in manifests/. Files of the Hub \
            come by the program hf (python3 -m pip install --target .deps huggingface_hub), or \
            without it where a source says fetch: http; HF_TOKEN and HF_ENDPOINT are respected.

            Status: 65 a wrong hash, size or archive; 66 a file that is not there; 69 a server \
            that is not available; 73 a full disk; 75 interrupted.
            """)

    @Argument(help: ArgumentHelp("A YAML file.", valueName: "manifest"))
    var manifest: String

    @Option(help: ArgumentHelp("Where the data goes (default: the manifest's).", valueName: "dir"))
    var output: String?

    @Flag(help: "Print files, bytes, disk needed and what is done, and fetch nothing.")
    var plan = false

    @Option(help: ArgumentHelp("Files and archives at once.", valueName: "n"))
    var jobs = 4

    @Flag(help: "Print the plan or the summary as one line of JSON.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard jobs > 0 else { throw ValidationError("--jobs must be at least 1.") }
    }

    func run() async throws {
        let interruption = Interruption()
        var options = PreparationOptions()
        options.jobs = jobs
        options.programFolders = Self.programFolders(options.environment)
        let meter = ByteMeter()
        let preparation = try DataPreparation(
            try DataManifest(contentsOf: URL(fileURLWithPath: manifest)),
            output: output.map { URL(fileURLWithPath: $0, isDirectory: true) }, options: options,
            onStep: { meter.take($0) }, isInterrupted: { interruption.hasHappened })
        if plan { return try tell(try preparation.plan()) }
        try preparation.run { report in
            meter.finish()
            try tell(report)
        }
    }

    /// The `.deps` folders of the working folder and of the package that this program was built in.
    private static func programFolders(_ environment: [String: String]) -> [URL] {
        if let deps = environment["MOCA_DEPS"] { return [URL(fileURLWithPath: deps)] }
        var folders = [URL(fileURLWithPath: FileManager.default.currentDirectoryPath)]
        var folder = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
        while folder.path.count > 1 {
            folder = folder.deletingLastPathComponent()
            if folder.lastPathComponent == ".build" {
                folders.append(folder.deletingLastPathComponent())
            }
        }
        return folders.map { URL(fileURLWithPath: $0.path + "/.deps") }
    }

    private func tell(_ report: PreparationReport) throws {
        for failure in report.failures {
            Message.write("failed \(failure.name): \(failure.reason)")
        }
        if json { return try Message.printJSON(report) }
        print(
            "\(report.output): \(report.finishedBefore + report.finished) of \(report.total) "
                + "pieces finished, \(report.finishedBefore) before; \(report.files) files put in "
                + "place, \(report.entries) unpacked (\(NumberText.byteSize(report.unpackedBytes)))"
        )
    }

    private func tell(_ plan: PreparationPlan) throws {
        if json { return try Message.printJSON(plan) }
        let rows = plan.rows.map { row in
            [
                row.name, "\(row.files)", row.bytes.map(NumberText.byteSize) ?? "?",
                NumberText.byteSize(row.bytesToFetch), NumberText.byteSize(row.bytesToUnpack),
                row.progress.rawValue,
            ]
        }
        print(Self.table([["", "files", "bytes", "to fetch", "to unpack", "state"]] + rows))
        print(
            "\(plan.output): \(NumberText.byteSize(plan.bytesToFetch)) to fetch; needs about "
                + "\(NumberText.byteSize(plan.diskNeeded)) of disk, \(NumberText.byteSize(plan.diskFree)) are "
                + "free")
    }

    /// Aligned columns, the first left-aligned, the others right-aligned.
    private static func table(_ rows: [[String]]) -> String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            zip(row, widths).enumerated().map { index, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return index == 0 ? cell.0 + space : space + cell.0
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}

/// Shows a progress bar of bytes on a terminal; notes always go to standard error.
private final class ByteMeter: Sendable {
    private let bar = Mutex<ProgressBar?>(nil)

    func take(_ step: PreparationStep) {
        switch step {
        case .planned(let bytes):
            guard ProgressBar.isShown, bytes > 0 else { return }
            bar.withLock { $0 = ProgressBar(total: bytes, unit: .bytes) }
        case .advanced(let bytes): bar.withLock { $0 }?.add(bytes)
        case .note(let text):
            Message.write((ProgressBar.isShown ? "\r\u{1b}[K" : "") + text)
        }
    }

    func finish() {
        bar.withLock { $0 }?.finish()
    }
}
