// `moca evaluate drift`: how far the vectors of two checkpoints differ.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaEvaluation
import MoCaSystem
import MoCaVectors

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

    @Argument(help: ArgumentHelp("The first model's folder.", valueName: "a"))
    var first: String

    @Argument(help: ArgumentHelp("The second model's folder.", valueName: "b"))
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
        for (path, name) in [(first, "<a>"), (second, "<b>"), (input, "--input")] {
            try requireFile(path, name)
        }
        if let images { try requireFile(images, "--images") }
        try requireWritableFolder(output)
        let folder = URL(fileURLWithPath: output, isDirectory: true)
        let here = images ?? FileManager.default.currentDirectoryPath
        var probes = ProbeSet(
            records: URL(fileURLWithPath: input),
            images: URL(fileURLWithPath: here, isDirectory: true), output: folder,
            role: prompt.map(Role.init(rawValue:)))
        let meter = StepMeter()
        probes.tell = { progress in
            switch progress {
            case .found(let count): meter.start(total: count == 0 ? nil : count)
            case .done(let count): meter.add(count)
            }
        }
        probes.isInterrupted = { interruption.hasHappened }
        let (ids, a) = try await vectors(of: first, adapter: adapterA, probes)
        let (_, b) = try await vectors(of: second, adapter: adapterB, probes)
        meter.finish()
        let drift = try Drift(ids: ids, a: a, b: b, neighbours: neighbours)
        if drift.neighbours < neighbours {
            Message.warn(
                "\(drift.count) inputs have \(drift.neighbours) neighbours each: these are compared, "
                    + "not the \(neighbours) of --neighbours")
        }
        let file = folder.appending(path: "drift.json")
        do {
            try AtomicFile.write(Data((Message.json(drift) + "\n").utf8), to: file)
        } catch {
            throw CommandError.cannotWrite(path: file.path, reason: error.fileReason)
        }
        if json { return try Message.printJSON(drift) }
        for line in lines(drift) { print(line) }
    }

    private func vectors(
        of model: String, adapter: String?, _ probes: ProbeSet
    ) async throws -> (ids: [String], vectors: [[Float]]) {
        var options = try EmbedderOptions(device, pooling, inputs)
        if let adapter {
            try requireFile(adapter, "--adapter-a or --adapter-b")
            options.adapter = URL(fileURLWithPath: adapter, isDirectory: true)
        }
        // Makes dot products cosines, whatever the model's contract says.
        options.isNormalized = true
        let folder = URL(fileURLWithPath: model, isDirectory: true)
        let identity = try ModelIdentity(of: folder, options)
        let embedder = try await Embedder(loading: folder, options: options)
        return try await probes.vectors(of: embedder, model: identity.fingerprint)
    }

    private func lines(_ drift: Drift) -> [String] {
        func text(_ spread: Drift.Spread) -> String {
            "mean \(digits(spread.mean)), lowest 5 % below \(digits(spread.fifthPercentile)), "
                + "least \(digits(spread.least))"
        }
        let cosine = drift.cosine.map(text) ?? "none: the vectors have different lengths"
        return [
            "inputs            \(drift.count)", "cosine            \(cosine)",
            "nearest \(drift.neighbours) in both  \(text(drift.overlap))",
            "nearest changed   \(NumberText.decimal(100 * drift.nearestChanged, digits: 1)) %",
        ]
            + drift.moved.map { moved in
                "moved             \(moved.id): \(moved.cosine.map { "cosine \(digits($0)), " } ?? "")"
                    + "\(NumberText.decimal(100 * moved.overlap, digits: 0)) % of its nearest stay, its nearest "
                    + "is now number \(moved.rankOfNearest)"
            }
    }

    private func digits(_ value: Double) -> String { NumberText.decimal(value, digits: 6) }
}
