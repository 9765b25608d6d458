// `moca data prepare`: makes data folders from a manifest.

import ArgumentParser
import Foundation
import MoCaDataPreparation

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
        options.programFolders = PreparationOptions.programFolders(
            of: URL(fileURLWithPath: CommandLine.arguments[0]), options.environment)
        let bar = ProgressBar()
        let preparation = try DataPreparation(
            try DataManifest(contentsOf: URL(fileURLWithPath: manifest)),
            output: output.map { URL(fileURLWithPath: $0, isDirectory: true) }, options: options,
            onProgress: bar.show, isInterrupted: { interruption.hasHappened })
        if plan {
            let plan = try preparation.plan()
            if json { return try Message.printJSON(plan) }
            return plan.lines.forEach { print($0) }
        }
        try preparation.run { report in
            bar.finish()
            for failure in report.failures {
                Message.write("failed \(failure.name): \(failure.reason)")
            }
            if json { try Message.printJSON(report) } else { print(report.summary) }
        }
    }
}
