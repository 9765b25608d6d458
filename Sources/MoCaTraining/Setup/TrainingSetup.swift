// The starting point of a run: weights from a checkpoint, a folder or a seed, with the files that
// belong to them.

package import Foundation
import MoCaCore
import MoCaHub
package import MoCaImage
import MoCaModel
import MoCaObjectives
import MoCaProcessing
import MoCaSystem
import MoCaTokenizer
import NN
import Safetensors
import Torch

/// A model to train, and its files.
struct TrainingSetup {
    let model: PretrainedModel
    let files: ModelFiles
    let processor: Processor
    /// The parameter of a learned temperature; nil if the temperature is fixed.
    let logScale: Tensor?

    /// Loads the model of a checkpoint, or the model that the recipe starts from.
    ///
    /// - Parameters:
    ///   - device: The device; nil for that of the recipe.
    ///   - rank: The index of this process in a run of several.
    /// - Throws: `TrainingError`, and errors of reading the model's files.
    init(
        _ recipe: Recipe, resuming checkpoint: Checkpoint?, device: Device? = nil, rank: Int = 0
    ) throws {
        let device = try device ?? recipe.runtime.resolvedDevice()
        if let threads = recipe.runtime.threads { LibTorch.setThreadCount(threads) }
        let isPretraining = recipe.stage == .pretrain
        let options = LoadOptions(
            dtype: recipe.runtime.dtype ?? (device == .cpu ? .float32 : nil), device: device,
            purpose: isPretraining ? .pretraining : .embedding, isTrainable: true,
            adapter: Self.adapter(recipe, checkpoint))
        let source = checkpoint?.folder ?? recipe.model.folder
        let original = try Tokenizer(contentsOf: source)
        let tokenizer = isPretraining ? original.addingMaskToken() : original
        let rows = (tokenizer.maskTokenID).map { Int($0) + 1 } ?? 0
        // The checkpoint of a run with adapters holds only the adapters.
        let weights = options.adapter == nil ? source : recipe.model.folder
        if checkpoint == nil, case .initialize(let fresh) = recipe.model {
            model = try Self.fresh(fresh, rows: rows, options)
        } else {
            model = try Self.loaded(
                weights, rows: rows, scratch: Self.scratch(in: recipe.outputFolder, rank: rank),
                options)
        }
        try model.store.freeze(recipe.frozen, setting: "model.freeze")
        let table = model.configuration.vocabularySize
        guard tokenizer.vocabularySize <= table else {
            throw TrainingError.tokenizerTooLarge(tokens: tokenizer.vocabularySize, rows: table)
        }
        logScale = try Self.logScale(recipe, model)
        if recipe.runtime.widensGradients { model.store.widenGradients() }
        let images = try recipe.data.imageSettings(of: source)
        let base = try Self.baseContract(source, weights: weights)
        let contract = try Self.contract(
            recipe, base, images, tokenizer, model.configuration)
        files = try ModelFiles(
            source: source, tokenizer: tokenizer, contract: contract, images: images)
        processor = try Processor(
            tokenizer: tokenizer, images: ImagePreprocessor(configuration: images),
            configuration: model.configuration,
            truncation: recipe.data.maxLength.map {
                Truncation(maxLength: $0, policy: recipe.data.truncation)
            })
    }

    /// Returns the parameter of a learned temperature; nil if there is none.
    ///
    /// - Throws: `TrainingError.badRecipe` if a Matryoshka dimension exceeds the vector length.
    private static func logScale(_ recipe: Recipe, _ model: PretrainedModel) throws -> Tensor? {
        guard case .contrastive(let settings) = recipe.objective else { return nil }
        let width = model.configuration.vectorLength
        if let last = settings.loss.matryoshkaDimensions.last, last > width {
            throw TrainingError.badRecipe(
                file: recipe.outputFolder.appending(path: Recipe.fileName).path,
                problems: [
                    SettingsProblem(
                        "objective.matryoshka_dimensions",
                        "holds \(last), must be at most the model's \(width)")
                ])
        }
        guard settings.loss.learnsTemperature else { return nil }
        return ContrastiveObjective.logScale(of: model, temperature: settings.loss.temperature)
    }

    // MARK: Weights

    /// The name of the temporary folder for a model whose vocabulary grows; those of other ranks
    /// begin with it.
    static let scratchName = ".grown"

    private static func scratch(in runFolder: URL, rank: Int) -> URL {
        runFolder.appending(path: rank == 0 ? scratchName : "\(scratchName)-\(rank)")
    }

    /// The pre-training heads, which are trained whole: they have no weights worth adapting.
    static let wholeModules = ["mae_decoder", "mae_proj"]

    private static func adapter(_ recipe: Recipe, _ checkpoint: Checkpoint?) -> AdapterChoice? {
        guard recipe.lora != nil || recipe.adapter != nil else { return nil }
        let whole = recipe.stage == .pretrain ? wholeModules : []
        if let folder = checkpoint?.folder ?? recipe.adapter {
            return .stored(folder, seed: recipe.seed, whole: whole)
        }
        return recipe.lora.map { settings in
            var settings = settings
            settings.wholeModules = whole
            return .fresh(settings, seed: recipe.seed)
        }
    }

    /// Returns the optimiser of the trainable parameters.
    ///
    /// - Throws: `ParameterError.patternUnused`.
    func optimizer(
        _ recipe: Recipe, over collectives: any Collectives = SingleProcess()
    ) throws -> RankedAdamW {
        let parameters = model.store.trainableParameters
        var settings = recipe.optimizer.adamW
        settings.usesMasters = recipe.runtime.usesMasterWeights
        try settings.checkGroups(parameters.map(\.key))
        return RankedAdamW(
            parameters, settings: settings, undecayed: [ContrastiveObjective.logScaleKey],
            over: collectives, sharding: recipe.runtime.sharding)
    }

    private static func fresh(
        _ settings: Recipe.Initialization, rows: Int, _ options: LoadOptions
    ) throws -> PretrainedModel {
        var configuration = try PretrainedModel.configuration(of: settings.config, names: [:])
        try configuration.requireSupport(of: options.purpose, folder: settings.config)
        configuration.vocabularySize = max(rows, configuration.vocabularySize)
        let model = PretrainedModel(
            fresh: configuration, seed: settings.seed, scheme: settings.scheme, options)
        for (key, tensor) in model.store.parameters {
            let factors = settings.gains.filter { key.contains($0.key) }.map(\.value)
            guard !factors.isEmpty else { continue }
            tensor.assign(tensor.detached() * factors.reduce(1, *))
        }
        return model
    }

    /// Loads a folder; an embedding without a row for the mask token is grown first.
    private static func loaded(
        _ folder: URL, rows: Int, scratch: URL, _ options: LoadOptions
    ) throws -> PretrainedModel {
        let checkpoint = try SafetensorsCheckpoint(opening: folder)
        let names = try CheckpointKeys.table(of: checkpoint.names)
        let configuration = try PretrainedModel.configuration(
            of: folder, names: names, in: checkpoint)
        try configuration.requireSupport(of: options.purpose, folder: folder)
        guard options.purpose == .pretraining, rows > configuration.vocabularySize else {
            return try PretrainedModel(loading: folder, options)
        }
        try VocabularyGrowth(folder: folder, names: names, configuration: configuration)
            .write(rows: rows, to: scratch)
        let model = try PretrainedModel(loading: scratch, options)
        try RunFile.naming(scratch) { try FileSystem.remove(scratch) }
        return model
    }
}

extension Recipe.Model {
    /// The folder with the configuration and the tokenizer.
    package var folder: URL {
        switch self {
        case .path(let url): url
        // A missing folder of this name, which every reader reports.
        case .hub(let reference): URL(fileURLWithPath: reference.text, isDirectory: true)
        case .initialize(let fresh): fresh.config
        }
    }
}

extension Recipe.DataSettings {
    /// Returns the image settings of a model folder, with the recipe's pixel limits and orientation.
    ///
    /// - Throws: `ImageError`, `ModelError`.
    package func imageSettings(of folder: URL) throws -> ImageProcessorConfiguration {
        try ImageProcessorConfiguration(
            model: folder, minPixels: minPixels, maxPixels: maxPixels, orientation: orientation)
    }
}

extension Recipe.Runtime {
    /// Whether 16-bit weights have float32 gradients.
    var widensGradients: Bool { usesMasterWeights && sumsInFloat32 }

    /// The requested device, or CUDA if available, else the CPU; a requested device is not checked.
    var chosenDevice: Device { device ?? (LibTorch.isCUDAAvailable ? Device(.cuda) : .cpu) }

    /// Returns the chosen device after checking that it is available.
    ///
    /// - Throws: `TrainingError.deviceUnavailable`.
    func resolvedDevice() throws -> Device {
        let device = chosenDevice
        switch device.kind {
        case .cpu: return device
        case .cuda where LibTorch.isCUDAAvailable: return device
        #if os(macOS)
            case .mps: return device
        #endif
        default: throw TrainingError.deviceUnavailable(name: device.description)
        }
    }
}
