// `moca reconstruct`: reconstructions of masked images by a model with pre-training heads.

import ArgumentParser
import Foundation
import MoCaCore
import Torch
import MoCaModel
import MoCaTraining

/// Writes original, masked and reconstructed images.
struct ReconstructCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "reconstruct",
        abstract: "Mask patches of pictures, and draw what the model puts in their place.",
        discussion: """
            Needs a model with the heads of pre-training, as `moca pretrain` leaves it. Writes for \
            picture N: N.png (original, masked, reconstructed) and each panel alone; and \
            reconstructions.json with the mean squared error of each picture's masked patches, \
            beside that of filling in the mean of its visible patches.
            """)

    @OptionGroup var folder: ModelFolder
    @OptionGroup var adapter: AdapterFolder

    @Option(help: ArgumentHelp("Where the pictures go; old ones are replaced.", valueName: "dir"))
    var output: String

    @Option(help: ArgumentHelp("The probability that an image token is masked.", valueName: "p"))
    var maeRatio = 0.5

    @Option(help: "What is masked, and the noise in its place.")
    var seed: UInt64 = 0

    @OptionGroup(title: "Device") var device: DeviceOptions

    @Argument(help: ArgumentHelp("Pictures.", valueName: "path"))
    var paths: [String]

    @Flag(help: "Print the content of reconstructions.json.")
    var json = false

    @OptionGroup var verbosity: VerbosityOptions

    func validate() throws {
        guard maeRatio >= 0, maeRatio <= 1 else {
            throw ValidationError("--mae-ratio must be in 0...1, not \(maeRatio).")
        }
    }

    func run() async throws {
        for path in paths { try requireFile(path, "PATH") }
        device.applyThreads()
        let model = try folder.resolved()
        let adapter = try adapter.resolved(folder.hub, of: model)
        let run = PictureReconstruction(
            model: model,
            options: LoadOptions(
                dtype: device.dtype.dtype, device: try device.resolvedDevice(),
                purpose: .pretraining, adapter: adapter.map { .stored($0) }),
            output: URL(fileURLWithPath: output, isDirectory: true), maeRatio: maeRatio,
            seed: seed)
        let paths = paths
        let list = try await ModelActor().run { try run.write(paths) }
        if json { return try Message.printJSON(list) }
        for item in list.items {
            let error = item.meanSquaredError.map { NumberText.decimal($0, digits: 4) } ?? "-"
            let baseline = item.baselineError.map { NumberText.decimal($0, digits: 4) } ?? "-"
            print("\(item.panels.all)  mse \(error)  (mean of visible: \(baseline))  \(item.path)")
        }
    }
}
