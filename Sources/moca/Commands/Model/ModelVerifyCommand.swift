// `moca model verify`: whether this build reproduces the vectors of the model's author.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaModel
import Torch

/// Embeds the contract's probes, and compares the vectors with the stored ones.
struct ModelVerifyCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Embed the probes of the model's contract (moca.json) and compare the vectors.",
        discussion: "Ends with status 65 where a difference is over the probe's tolerance.")

    @OptionGroup var folder: ModelFolder
    @OptionGroup var adapter: AdapterFolder
    @OptionGroup(title: "Device") var device: DeviceOptions

    @Flag(help: "Write probes with the vectors of this build (float32) into the contract.")
    var write = false

    @Flag(help: "Print one JSON object.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    /// The output of the command.
    private struct Result: Encodable {
        var probes: Int
        var differing: Int
        var largestDifference: Float
        var dtype: String

        enum CodingKeys: String, CodingKey {
            case probes, differing, dtype
            case largestDifference = "largest_difference"
        }
    }

    func validate() throws {
        guard !write || [.auto, .float32].contains(dtype) else {
            throw ValidationError("--write needs --dtype float32: probes are float32 vectors.")
        }
    }

    private var dtype: ComputeType { device.dtype }

    func run() async throws {
        var options = EmbedderOptions()
        options.device = try device.resolvedDevice()
        options.dtype = write ? .float32 : dtype.dtype
        options.threads = device.threads
        options.adapter = try adapter.resolved()
        let embedder = try await Embedder(loading: folder.resolved(), options: options)
        let file = embedder.folder.appending(path: EmbeddingContract.fileName).path
        if write { try await ProbeWriter(embedder).write() }
        let contract =
            try EmbeddingContract(of: embedder.folder, vectorLength: embedder.vectorLength)
            ?? EmbeddingContract()
        guard !contract.probes.isEmpty else { throw CommandError.noProbes(file: file) }
        let result = try await compare(contract.probes, embedder, file)
        if json {
            try Message.printJSON(result)
        } else {
            print(
                "\(result.probes) probes, largest difference \(result.largestDifference) "
                    + "(\(result.dtype))")
        }
        guard result.differing == 0 else {
            throw CommandError.probesDiffer(
                file: file, count: result.differing, total: result.probes)
        }
    }

    private func compare(
        _ probes: [EmbeddingContract.Probe], _ embedder: Embedder, _ file: String
    ) async throws -> Result {
        let type = embedder.model.backbone.embeddingWeight.dtype.rawValue
        var result = Result(
            probes: probes.count, differing: 0, largestDifference: 0, dtype: type)
        for (number, probe) in probes.enumerated() {
            let content = try Content(probe, name: "\(file), probe \(number)")
            let vector = try await embedder.embed([content], as: probe.role)[0].values
            let difference = zip(vector, probe.vector).map { abs($0 - $1) }.max() ?? .infinity
            result.largestDifference = max(result.largestDifference, difference)
            let tolerance =
                probe.tolerance[type] ?? EmbeddingContract.Probe.defaultTolerance[type] ?? 0
            if !(difference <= tolerance) { result.differing += 1 }
        }
        return result
    }
}
