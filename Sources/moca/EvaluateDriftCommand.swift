// `moca evaluate drift`: how far a checkpoint's vectors moved from another's.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaEvaluation

/// Embeds one list of inputs with two models, and compares the vectors.
struct EvaluateDriftCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "drift",
        abstract: "Compare the vectors that two models give the same inputs.",
        discussion: """
            Cosines of an input's two vectors (1 is no drift), and whether its nearest inputs are \
            the same. The vectors are kept in the output folder.
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

    @Option(help: "Nearest inputs that are compared.")
    var neighbours = 10

    @OptionGroup(title: "Device") var device: DeviceOptions

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard (1...10_000).contains(neighbours) else {
            throw ValidationError("--neighbours must be in 1...10000, not \(neighbours).")
        }
    }

    func run() async throws {
        for (path, name) in [(first, "<a>"), (second, "<b>"), (input, "--input")] {
            try requireFile(path, name)
        }
        let folder = URL(fileURLWithPath: output, isDirectory: true)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw CommandError.cannotWrite(path: output, reason: error.localizedDescription)
        }
        let a = try await vectors(of: first, folder.appending(path: "a.jsonl"))
        let b = try await vectors(of: second, folder.appending(path: "b.jsonl"))
        let drift = try Drift(
            ids: a.map(\.id), a: a.map(\.embedding), b: b.map(\.embedding),
            neighbours: neighbours)
        let file = folder.appending(path: "drift.json")
        do {
            try Data((Message.json(drift) + "\n").utf8).write(to: file, options: .atomic)
        } catch {
            throw CommandError.cannotWrite(path: file.path, reason: error.localizedDescription)
        }
        if json { return try Message.printJSON(drift) }
        for line in lines(drift) { print(line) }
    }

    /// A line of what `moca embed` writes.
    private struct Line: Decodable {
        let id: String
        let embedding: [Float]
    }

    private func vectors(of model: String, _ file: URL) async throws -> [Line] {
        var options = EmbedderOptions()
        (options.device, options.dtype) = (try device.resolvedDevice(), device.dtype.dtype)
        options.threads = device.threads
        // Products are cosines then, whatever the model's contract says.
        options.isNormalized = true
        let here = images ?? FileManager.default.currentDirectoryPath
        var job = EmbeddingJob(
            model: URL(fileURLWithPath: model, isDirectory: true), options: options,
            input: .file(URL(fileURLWithPath: input)), output: file,
            imageFolder: URL(fileURLWithPath: here, isDirectory: true))
        job.role = prompt.map(Role.init(rawValue:))
        _ = try await job.run()
        do {
            return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map {
                try JSONDecoder().decode(Line.self, from: $0)
            }
        } catch {
            throw CommandError.cannotRead(path: file.path, reason: error.localizedDescription)
        }
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
            "nearest changed   \(Message.text(100 * drift.nearestChanged, 1)) %",
        ]
            + drift.moved.map { moved in
                "moved             \(moved.id): \(moved.cosine.map { "cosine \(digits($0)), " } ?? "")"
                    + "\(Message.text(100 * moved.overlap, 0)) % of its nearest stay, its nearest "
                    + "is now number \(moved.rankOfNearest)"
            }
    }

    private func digits(_ value: Double) -> String { Message.text(value, 6) }
}
