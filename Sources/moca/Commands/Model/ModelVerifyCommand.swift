// `moca model verify`: whether this build reproduces the vectors of the model's author.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaHub
import MoCaModel
import MoCaVectors
import Torch

/// Embeds the contract's probes, and compares the vectors with the stored ones.
struct ModelVerifyCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Embed the probes of the model's contract (moca.json) and compare the vectors.",
        discussion: """
            With --published, similarities that the authors of a known checkpoint have published are \
            computed again: those of texts, for images of their demos are not part of this program. \
            Ends with status 65 where a difference is over its tolerance, and with 69 where \
            nothing could be computed.
            """)

    @OptionGroup var folder: ModelFolder
    @OptionGroup var adapter: AdapterFolder
    @OptionGroup(title: "Device") var device: DeviceOptions

    @Flag(help: "Write probes with the vectors of this build (float32) into the contract.")
    var write = false

    @Flag(help: "Compare similarities that the model's authors have published.")
    var published = false

    @Flag(help: "Print one JSON object (of --published one a checkpoint).")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard !write || !published else {
            throw ValidationError("Give either --write or --published.")
        }
        guard !write || [.auto, .float32].contains(dtype) else {
            throw ValidationError("--write needs --dtype float32: probes are float32 vectors.")
        }
    }

    /// Compares published similarities.
    private func comparePublished(_ embedder: Embedder) async throws {
        let demos = try PublishedDemos()
        let checkpoints = demos.checkpoints(of: embedder)
        guard !checkpoints.isEmpty else {
            throw CommandError.nothingPublished(
                folder: embedder.folder.path, known: demos.checkpoints.map(\.name))
        }
        var checks: [PublishedCheck] = []
        for checkpoint in checkpoints {
            checks.append(try await PublishedCheck(checkpoint, embedder: embedder))
        }
        if json {
            for check in checks { try Message.printJSON(check) }
        } else {
            for line in checks.flatMap(\.lines) { print(line) }
        }
        let computed = checks.reduce(0) { $0 + $1.computedCount }
        guard computed > 0 else {
            throw CommandError.nothingComputed(
                folder: embedder.folder.path,
                missing: Set(checks.flatMap(\.missingInputs)).sorted())
        }
        let differing = checks.reduce(0) { $0 + $1.differingCount }
        guard differing == 0 else {
            throw CommandError.publishedDiffer(
                folder: embedder.folder.path, count: differing, total: computed)
        }
    }

    private var dtype: ComputeType { device.dtype }

    func run() async throws {
        var options = EmbedderOptions()
        options.device = try device.resolvedDevice()
        options.dtype = write ? .float32 : dtype.dtype
        options.threads = device.threads
        let source = try folder.resolved()
        options.adapter = try adapter.resolved(folder.hub, of: source)
        if write, HubSnapshot(source) != nil {
            throw CommandError.cannotWrite(
                path: source.path, reason: "the cache of the Hub is shared; copy the model first")
        }
        let embedder = try await Embedder(loading: source, options: options)
        if published { return try await comparePublished(embedder) }
        let file = embedder.folder.appending(path: EmbeddingContract.fileName).path
        if write {
            let contract = try await ProbeWriter(embedder).contract()
            try Message.write(contract.fileData(), to: file)
        }
        let contract =
            try EmbeddingContract(of: embedder.folder, vectorLength: embedder.vectorLength)
            ?? EmbeddingContract()
        guard !contract.probes.isEmpty else { throw CommandError.noProbes(file: file) }
        let result = try await ProbeCheck(contract.probes, embedder: embedder, file: file)
        if json {
            try Message.printJSON(result)
        } else {
            print(
                "\(NumberText.counted(result.probes, "probe")), largest difference "
                    + "\(result.largestDifference) (\(result.dtype))")
        }
        guard result.differing == 0 else {
            throw CommandError.probesDiffer(
                file: file, count: result.differing, total: result.probes)
        }
    }
}
