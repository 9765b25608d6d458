// `moca data check`: whether data is fit for training.

import ArgumentParser
import Foundation
import MoCaDataCheck
import MoCaTraining

/// Reads and decodes all records once, and reports the problems.
struct DataCheckCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Read every record and decode every image; say what is wrong with them.",
        discussion: """
            Status 0: training may start. Status 65: there are records that cannot be trained on. \
            With --quarantine these are listed, a line {"subset", "row", "file", "reason"} each, \
            for a trainer to leave out; then the status is 0 while their share is at most \
            --max-error-rate. Warnings and information do not change the status.

            Near images: their difference hashes (256 bits) differ in at most --near-distance \
            bits, fewer where one has less to see than 64 bits say. Texts are compared without \
            letter case, spaces and compatibility forms; whole, and from an instruction's colon on.
            """)

    @OptionGroup var inputs: DataInputOptions

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp(
            "Evaluation sets (MMEB or ViDoRe layout) that must not be in the training data.",
            valueName: "folder"))
    var against: [String] = []

    @Option(
        help: ArgumentHelp(
            "What the evaluation sets' image paths are relative to (default: as --images).",
            valueName: "dir"))
    var againstImages: String?

    @Option(
        help: ArgumentHelp("Bits that the hashes of near images differ in.", valueName: "n"))
    var nearDistance = 10

    @Option(help: ArgumentHelp("Write every finding, as JSON.", valueName: "file.json"))
    var report: String?

    @Option(
        help: ArgumentHelp(
            "Write the records that cannot be trained on, a line each.", valueName: "file.jsonl"))
    var quarantine: String?

    @Option(
        help: ArgumentHelp(
            "Share of records that --quarantine may leave out.", valueName: "share"))
    var maxErrorRate = 0.01

    @Flag(help: "Print the summary as one JSON object.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard (0..<64).contains(nearDistance) else {
            throw ValidationError("--near-distance \(nearDistance) must be in 0...63.")
        }
        guard (0...1).contains(maxErrorRate) else {
            throw ValidationError("--max-error-rate \(maxErrorRate) must be in 0...1.")
        }
    }

    func run() async throws {
        for path in against { try requireFile(path, "--against") }
        if let againstImages { try requireFile(againstImages, "--against-images") }
        let data = try inputs.resolved()
        for file in [report, quarantine].compactMap({ $0 }) {
            try requireWritableFile(file, reading: inputs.paths(data) + against)
        }
        let log = try FindingLog(
            report: report.map { URL(fileURLWithPath: $0) },
            quarantine: quarantine.map { URL(fileURLWithPath: $0) })
        let bar = ProgressBar()
        let tools = CheckTools(
            examiner: ImageExaminer(try data.imagePreprocessor()), threads: data.threads,
            progress: bar.show)
        let summary = try DataCheck(try settings(data), tools, log: log).run()
        bar.finish()
        try log.finish(summary)
        if json {
            try Message.printJSON(summary)
        } else {
            for line in summary.lines { print(line) }
        }
        try summary.requireTrainable(isQuarantined: quarantine != nil)
    }

    private func settings(_ data: InspectedData) throws -> DataCheckSettings {
        var settings = try data.checkSettings()
        settings.evaluationFolders = against.map { URL(fileURLWithPath: $0, isDirectory: true) }
        settings.evaluationImages = againstImages.map {
            URL(fileURLWithPath: $0, isDirectory: true)
        }
        settings.nearDistance = nearDistance
        settings.maxErrorRate = maxErrorRate
        return settings
    }
}
