// `moca evaluate drift`: how far the vectors of two checkpoints differ.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaEvaluation
import MoCaHub

/// Embeds the same inputs with two models, and compares the vectors.
struct EvaluateDriftCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Compare the vectors that two models give the same inputs.",
        discussion: """
            Cosines of an input's two vectors (1 is no drift), and whether its nearest inputs are \
            the same. The vectors are kept in the output folder, so an interrupted comparison goes \
            on when it is run again.
            """)

    @Argument(help: ArgumentHelp("The first model: a folder, or ORG/NAME.", valueName: "a"))
    var first: String

    @Argument(help: ArgumentHelp("The second model: a folder, or ORG/NAME.", valueName: "b"))
    var second: String

    @Option(help: ArgumentHelp("Records, as for `moca embed`.", valueName: "file"))
    var input: String

    @Option(help: ArgumentHelp("Where relative paths of images start.", valueName: "path"))
    var images: String?

    @Option(help: ArgumentHelp("Where vectors and drift.json go.", valueName: "dir"))
    var output: String

    @Option(help: ArgumentHelp("The models' prompt to put around each record.", valueName: "role"))
    var prompt: String?

    @Option(help: ArgumentHelp("An adapter to merge into the first model.", valueName: "dir"))
    var adapterA: String?

    @Option(help: ArgumentHelp("An adapter to merge into the second model.", valueName: "dir"))
    var adapterB: String?

    @Option(help: "Nearest inputs that are compared.")
    var neighbours = 10

    @OptionGroup var hub: HubOptions
    @OptionGroup(title: "Device") var device: DeviceOptions
    @OptionGroup(title: "Vectors") var pooling: PoolingOptions
    @OptionGroup(title: "Inputs") var inputs: InputOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard (1...10_000).contains(neighbours) else {
            throw ValidationError("--neighbours must be in 1...10000, not \(neighbours).")
        }
        guard pooling.normalize != false else {
            throw ValidationError("Vectors are compared by cosines: leave out --no-normalize.")
        }
    }

    func run() async throws {
        let interruption = Interruption()
        try requireFile(input, "--input")
        let firstFolder = try hub.folder(first, "<a>")
        let secondFolder = try hub.folder(second, "<b>")
        if let images { try requireFile(images, "--images") }
        try requireWritableFolder(output)
        let folder = URL(fileURLWithPath: output, isDirectory: true)
        let here = images ?? FileManager.default.currentDirectoryPath
        var probes = ProbeSet(
            records: URL(fileURLWithPath: input),
            images: URL(fileURLWithPath: here, isDirectory: true), output: folder,
            role: prompt.map(Role.init(rawValue:)))
        let bar = ProgressBar()
        probes.onProgress = bar.show
        probes.isInterrupted = { interruption.hasHappened }
        let (ids, a) = try await vectors(of: firstFolder, adapter: adapterA, probes)
        let (_, b) = try await vectors(of: secondFolder, adapter: adapterB, probes)
        bar.finish()
        let drift = try Drift(ids: ids, a: a, b: b, neighbours: neighbours)
        if drift.neighbours < neighbours {
            Message.warn(
                "\(drift.count) inputs have \(drift.neighbours) neighbours each: these are compared, "
                    + "not the \(neighbours) of --neighbours")
        }
        try Message.write(json: drift, to: folder.appending(path: "drift.json").path)
        if json { return try Message.printJSON(drift) }
        for line in drift.lines { print(line) }
    }

    private func vectors(
        of folder: URL, adapter: String?, _ probes: ProbeSet
    ) async throws -> (ids: [String], vectors: [[Float]]) {
        var options = try EmbedderOptions(device, pooling, inputs)
        options.adapter = try adapter.map {
            try hub.adapter($0, "--adapter-a or --adapter-b", of: folder)
        }
        return try await probes.vectors(ofModelIn: folder, options: options)
    }
}
