// A model's folder in Hugging Face layout: loading, creating and writing it.

package import Foundation
import MoCaCore
import MoCaSystem
package import NN
package import Safetensors
package import Torch

/// The purpose of a loaded model, and where it computes.
package struct LoadOptions: Sendable, Hashable {
    /// The type of weights and states; nil keeps the stored one if the device computes it fast,
    /// else float32.
    package var dtype: DType?
    package var device: Device
    package var purpose: CheckpointRules.Purpose
    /// Whether weights record gradients; with adapters only the adapters do.
    package var isTrainable: Bool
    /// The adapters of linear layers; without training they are merged into the weights.
    package var adapter: AdapterChoice?
    /// Whether the projection of a late-interaction embedder is loaded.
    package var hasTokenProjection: Bool

    package init(
        dtype: DType? = nil, device: Device = .cpu,
        purpose: CheckpointRules.Purpose = .embedding, isTrainable: Bool = false,
        adapter: AdapterChoice? = nil, hasTokenProjection: Bool = false
    ) {
        self.hasTokenProjection = hasTokenProjection
        (self.dtype, self.device) = (dtype, device)
        (self.purpose, self.isTrainable) = (purpose, isTrainable)
        self.adapter = adapter
    }
}

/// A backbone with its weights, and the pre-training heads if requested.
package struct PretrainedModel {
    package let folder: URL?
    package let configuration: any BackboneConfiguration
    package let store: ParameterStore
    package let backbone: any Backbone
    /// The model with pre-training heads; nil unless the purpose is pre-training.
    package let reconstruction: ReconstructionModel?
    /// The projection to a vector for each token; nil unless it was requested.
    package private(set) var tokenProjection: TokenProjection?

    static let configurationName = "config.json"

    /// Loads the weights of a folder.
    ///
    /// - Throws: `ModelError`, `SafetensorsError`, `ParameterError` (every weight that is missing,
    ///   misshapen or unknown).
    package init(loading folder: URL, _ options: LoadOptions) throws {
        _ = try Self.configurationFile(in: folder)
        let checkpoint = try SafetensorsCheckpoint(opening: folder)
        let names = try CheckpointKeys.table(of: checkpoint.names)
        let configuration = try Self.configuration(of: folder, names: names, in: checkpoint)
        try configuration.requireSupport(of: options.purpose, folder: folder)
        let stored = DType(rawValue: configuration.storageType) ?? .float32
        let adapters = try options.adapter?.store()
        if options.isTrainable, let bias = adapters?.settings.bias, bias != "none" {
            throw ModelError.biasNotTrained(
                adapter: options.adapter?.folder?.path ?? "", bias: bias)
        }
        let store = ParameterStore(
            checkpoint, names: names,
            dtype: options.dtype ?? Self.automaticType(stored, options.device),
            device: options.device, isTrainable: options.isTrainable, adapters: adapters)
        self.init(configuration, store, purpose: options.purpose, folder: folder)
        if options.hasTokenProjection {
            // A missing weight is reported by name, whatever its length would be.
            let length = try TokenProjection.length(in: checkpoint) ?? configuration.vectorLength
            tokenProjection = TokenProjection(
                store.root, from: configuration.vectorLength, to: length)
        }
        let rules = CheckpointRules(
            purpose: options.purpose, isTied: configuration.isTied,
            unusedKeys: configuration.unusedKeys)
        try store.finish(mayBeUnused: rules.mayBeUnused)
        try adapters?.finish(mayBeUnused: rules.mayBeUnused)
    }

    /// Creates a model of fresh weights, which depend only on `seed`.
    package init(
        fresh configuration: any BackboneConfiguration, seed: UInt64, scheme: InitializationScheme,
        _ options: LoadOptions
    ) {
        let store = ParameterStore(
            seed: seed, scheme: scheme, dtype: options.dtype ?? .float32, device: options.device,
            isTrainable: options.isTrainable)
        self.init(configuration, store, purpose: options.purpose, folder: nil)
    }

    private init(
        _ configuration: any BackboneConfiguration, _ store: ParameterStore,
        purpose: CheckpointRules.Purpose, folder: URL?
    ) {
        self.configuration = configuration
        self.store = store
        self.folder = folder
        backbone = configuration.backbone(store.root)
        guard purpose == .pretraining else {
            reconstruction = nil
            return
        }
        if !store.hasStored(prefix: "mae_") { Self.provideHeads(configuration, store) }
        reconstruction = ReconstructionModel(backbone, store.root)
    }

    /// Initialises the pre-training heads of a checkpoint without them as the released code does:
    /// the decoder as a copy of the middle layer, the projection normal with standard deviation
    /// 0.02.
    private static func provideHeads(
        _ configuration: any BackboneConfiguration, _ store: ParameterStore
    ) {
        let layerCount = configuration.textLayers.layerCount
        let middle = "\(configuration.partKeys.textLayers)\(layerCount / 2)."
        for (key, tensor) in store.parameters where key.hasPrefix(middle) {
            store.provide("mae_decoder." + key.dropFirst(middle.count), tensor.detached().clone())
        }
        let patch = configuration.inputRules.patch
        let shape = [patch.mergeUnit * patch.valueCount, configuration.vectorLength]
        var random = RandomSource(seed: 0, name: "mae_proj.weight")
        store.provide(
            "mae_proj.weight",
            .normal(
                shape, deviation: 0.02, dtype: store.dtype, on: store.device, using: &random))
        store.provide(
            "mae_proj.bias", .zeros([shape[0]], dtype: store.dtype, on: store.device))
    }

    /// The declarations of all parameters of a model of `configuration`, without creating them.
    package static func declarations(
        _ configuration: any BackboneConfiguration, purpose: CheckpointRules.Purpose
    ) -> [ParameterDeclaration] {
        let store = ParameterStore.plan()
        _ = PretrainedModel(configuration, store, purpose: purpose, folder: nil)
        return store.declarations
    }

    /// The number of parameters of a model of this shape.
    package static func parameterCount(
        _ configuration: any BackboneConfiguration, purpose: CheckpointRules.Purpose
    ) -> Int {
        declarations(configuration, purpose: purpose).reduce(0) { $0 + $1.count }
    }

    /// Reads `config.json` of a folder, which need not have weights.
    ///
    /// - Throws: `ModelError`, `SafetensorsError`.
    package static func configuration(of folder: URL) throws -> any BackboneConfiguration {
        let hasWeights = ["model.safetensors", "model.safetensors.index.json"].contains {
            FileManager.default.fileExists(atPath: folder.appending(path: $0).path)
        }
        guard hasWeights else { return try configuration(of: folder, names: [:]) }
        let checkpoint = try SafetensorsCheckpoint(opening: folder)
        return try configuration(
            of: folder, names: CheckpointKeys.table(of: checkpoint.names), in: checkpoint)
    }

    /// Reads `config.json`; if it does not say whether the embeddings are tied, the absence of
    /// `lm_head.weight` means that they are.
    ///
    /// - Parameters:
    ///   - names: the stored name of each canonical name.
    ///   - checkpoint: the weights, for sizes that `config.json` does not state.
    package static func configuration(
        of folder: URL, names: [String: String], in checkpoint: SafetensorsCheckpoint? = nil
    ) throws -> any BackboneConfiguration {
        let url = try configurationFile(in: folder)
        var configuration = try Families.configuration(contentsOf: url, name: url.path)
        if !configuration.declaresTie {
            configuration.isTied = names[CheckpointKeys.head] == nil
        }
        if let checkpoint {
            configuration.complete(from: try names.mapValues { try checkpoint.entry($0).shape })
        }
        return configuration
    }

    /// The `config.json` of a model's folder.
    ///
    /// - Throws: `ModelError.missingFile`, or `.isAdapter` for the folder of an adapter.
    package static func configurationFile(in folder: URL) throws(ModelError) -> URL {
        let url = folder.appending(path: configurationName)
        let files = FileManager.default
        guard !files.fileExists(atPath: url.path) else { return url }
        let adapter = folder.appending(path: AdapterFiles.configurationName)
        throw files.fileExists(atPath: adapter.path)
            ? .isAdapter(folder: folder.path) : .missingFile(url.path)
    }

    /// bfloat16 and float16 are emulated on CPUs, several times slower than float32.
    private static func automaticType(_ stored: DType, _ device: Device) -> DType {
        device.kind == .cpu ? .float32 : stored
    }
}

extension PretrainedModel {
    /// Writes `config.json` and the weights into `folder`, each beside its name and then renamed.
    ///
    /// - Parameters:
    ///   - dtype: the type of the stored weights; nil keeps that of the parameters.
    ///   - source: a checkpoint whose weights that this model does not use (an output matrix, the
    ///     pre-training heads) are written too, one at a time; nil leaves them out.
    ///   - isForTraining: whether training-only parameters (a learned temperature) are written.
    ///   - mergesAdapters: whether adapters are merged; false writes the base weights instead.
    package func save(
        to folder: URL, dtype: DType? = nil, carrying source: URL? = nil,
        isForTraining: Bool = false, mergesAdapters: Bool = true
    ) throws {
        let type = dtype ?? store.dtype
        let kept = store.parameters.filter { isForTraining || $0.key != CheckpointKeys.logScale }
        let own = kept.map {
            SafetensorsDeclaration(
                configuration.writtenKey($0.key), type.stored, $0.tensor.shape)
        }
        let carried = try source.map { try PassthroughWeights(in: $0, besides: self) }
        let writer = try ShardedSafetensorsWriter(
            folder, tensors: own + (try carried?.declarations(type) ?? []))
        for (key, tensor) in kept {
            let value = mergesAdapters ? store.merged(key, tensor) : tensor.detached()
            let name = configuration.writtenKey(key)
            try value.to(type).withBytes { try writer.append($0, to: name) }
        }
        try carried?.append(to: writer, type)
        try writer.finish()
        var written = configuration
        written.storageType = type.rawValue
        try Self.write(written, to: folder)
    }

    /// Writes fresh weights of `configuration` into `folder`, holding one tensor at a time.
    package static func writeFresh(
        _ configuration: any BackboneConfiguration, seed: UInt64, scheme: InitializationScheme,
        dtype: DType, purpose: CheckpointRules.Purpose, to folder: URL
    ) throws {
        let declarations = declarations(configuration, purpose: purpose)
        let writer = try ShardedSafetensorsWriter(
            folder,
            tensors: declarations.map {
                SafetensorsDeclaration(
                    configuration.writtenKey($0.key), dtype.stored, $0.shape)
            })
        for declaration in declarations {
            let store = ParameterStore(seed: seed, scheme: scheme, dtype: dtype)
            let tensor = store.root.parameter(
                declaration.key, declaration.shape, declaration.role)
            let name = configuration.writtenKey(declaration.key)
            try tensor.withBytes { try writer.append($0, to: name) }
        }
        try writer.finish()
        var written = configuration
        written.storageType = dtype.rawValue
        try write(written, to: folder)
    }

    package static func write(_ configuration: any BackboneConfiguration, to folder: URL) throws {
        let url = folder.appending(path: configurationName)
        do {
            try AtomicFile.write(configuration.fileData(), to: url)
        } catch {
            throw ModelError.cannotWrite(file: url.path, reason: error.fileReason)
        }
    }
}
