// `moca data mine`: adds hard negatives to pairs.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaData
import MoCaEmbedding
import MoCaSearch
import MoCaVectors
import Torch

extension MiningSettings.Sampling: ExpressibleByArgument {}

/// Finds hard negatives with an embedder.
struct DataMineCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "mine",
        abstract: "Find hard negatives for pairs of queries and positives.",
        discussion: """
            Every subset is mined by itself: the negatives of a query are positives of other \
            queries of its subset, the nearest ones by an exact search; never a positive of the \
            query in any of its rows, nor a copy of one. The settings are those of \
            sentence-transformers' mine_hard_negatives. Writes DIR/SUBSET/train.parquet, the \
            records with the new negatives (older ones are replaced), and DIR/SUBSET/mining.json, \
            counts and scores; a recipe's data.folders takes DIR.
            """)

    @OptionGroup var model: ModelOptions

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Folders of subsets, or folders of such folders.", valueName: "folder"))
    var data: [String]

    @Option(
        help: ArgumentHelp(
            "Where relative paths of images start (default: the working folder).",
            valueName: "dir"))
    var images: String?

    @Option(help: ArgumentHelp("Where a folder for each subset goes.", valueName: "dir"))
    var output: String

    @Option(
        help: ArgumentHelp(
            "Keep the vectors here, for runs with other settings (default: kept in the output "
                + "until the run is complete).", valueName: "dir"))
    var vectors: String?

    @OptionGroup(title: "Negatives") var mining: MiningOptions

    @Option(
        help: ArgumentHelp(
            "Leave out the records that this file of moca data check names.",
            valueName: "file.jsonl"))
    var quarantine: String?

    @Option(
        help: ArgumentHelp(
            "A record that cannot be embedded ends the run, or is left out and listed in "
                + "mining.json; then the status is 65 when all is done."))
    var onError = BadRecordPolicy.stop

    @Flag(help: "Go on where an interrupted run of the same output stopped.")
    var resume = false

    @Flag(help: "Print the content of mining.json of each subset, one a line.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard model.vectors.normalize != false else {
            throw ValidationError("Scores are cosines: leave out --no-normalize.")
        }
    }

    func run() async throws {
        let rank = try LaunchedRank.current()
        let interruption = Interruption()
        for folder in data { try requireFile(folder, "--data") }
        if let images { try requireFile(images, "--images") }
        if let quarantine { try requireFile(quarantine, "--quarantine") }
        try mining.settings.check()
        try requireWritableFolder(output)
        let folder = try model.folder.resolved()
        var options = try model.embedderOptions(of: folder)
        options.isNormalized = true
        // Of several ranks, the first one reports.
        let bar = rank?.isFirst ?? true ? ProgressBar() : nil
        let share = try rank?.share(&options) {
            bar?.show(WorkProgress("", total: nil, note: $0))
        }
        let identity = try ModelIdentity(of: folder, options)
        let output = URL(fileURLWithPath: output, isDirectory: true)
        var miner = NegativeMiner(
            embedder: try await Embedder(loading: folder, options: options), model: identity,
            output: output,
            vectors: vectors.map { URL(fileURLWithPath: $0, isDirectory: true) })
        miner.settings = mining.settings
        miner.device = options.device
        miner.resumes = resume || rank?.isRestarted ?? false
        miner.quarantine =
            try quarantine.map {
                try QuarantinedRecord.read(URL(fileURLWithPath: $0))
            } ?? []
        miner.badRecords = onError
        miner.tell = { event in
            switch event {
            case .started(let subset, let records):
                Message.write("\(subset): \(NumberText.counted(records, "record"))")
            case .progressed(let progress): bar?.show(progress)
            case .finished(let report, let wasThere):
                bar?.finish()
                if wasThere { Message.write("\(report.subset): mined before") }
            }
        }
        miner.isInterrupted = { interruption.hasHappened }
        let here = FileManager.default.currentDirectoryPath
        let folders = data.map { URL(fileURLWithPath: $0, isDirectory: true) }
        let pictures = URL(fileURLWithPath: images ?? here, isDirectory: true)
        if let share {
            try await miner.embedShare(share, of: folders, images: pictures)
            guard share.isFirst else { return }
            bar?.finish()
        }
        let reports = try await miner.mine(folders, images: pictures)
        for report in reports {
            if json { try Message.printJSON(report) } else { print(report.summary) }
        }
        try reports.requireComplete(output: output.path)
    }
}

/// The options that select negatives among the neighbours.
struct MiningOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Negatives a query, at most.", valueName: "n"))
    var negatives = MiningSettings().negatives

    @Option(help: ArgumentHelp("The number of best candidates to skip.", valueName: "rank"))
    var rangeMin = MiningSettings().rangeMin

    @Option(
        help: ArgumentHelp(
            "Take no candidate behind this rank (default: range-min + negatives + the most rows of "
                + "a query; with a margin or --max-score, ten times the negatives).",
            valueName: "rank"))
    var rangeMax: Int?

    @Option(help: ArgumentHelp("The greatest cosine of a negative.", valueName: "score"))
    var maxScore: Double?

    @Option(help: ArgumentHelp("The least cosine of a negative.", valueName: "score"))
    var minScore: Double?

    @Option(
        help: ArgumentHelp(
            "How far a negative's cosine must be below the lowest one of the query's positives.",
            valueName: "score"))
    var absoluteMargin: Double?

    @Option(
        help: ArgumentHelp("The same as a share of the positive's cosine.", valueName: "share"))
    var relativeMargin: Double?

    @Option(help: "Take the best candidates that are left, or any of them.")
    var sampling = MiningSettings.Sampling.top

    @Option(help: ArgumentHelp("Of random sampling.", valueName: "n"))
    var seed: UInt64 = 0

    /// The options as settings of the library.
    var settings: MiningSettings {
        var settings = MiningSettings()
        (settings.negatives, settings.rangeMin, settings.rangeMax) = (negatives, rangeMin, rangeMax)
        (settings.maxScore, settings.minScore) = (maxScore, minScore)
        (settings.absoluteMargin, settings.relativeMargin) = (absoluteMargin, relativeMargin)
        (settings.sampling, settings.seed) = (sampling, seed)
        return settings
    }
}
