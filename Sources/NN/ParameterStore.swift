// The source of a model's parameters by name and shape: a checkpoint, a seed, or a plan that only
// records them. Loading is construction: a module requests what it needs.

import Foundation
import MoCaCore
public import Safetensors
public import Torch

/// One parameter that a model requested.
public struct ParameterDeclaration: Sendable, Hashable {
    /// The key in a checkpoint.
    public let key: String
    /// The shape of the parameter.
    public let shape: [Int]
    /// The role of the parameter, which decides its initialisation.
    public let role: ParameterRole

    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }
}

/// The parameters of one model.
///
///     let store = ParameterStore(checkpoint, names: table, dtype: .float32)
///     let model = Model(configuration, store.root)
///     try store.finish()
///
/// Requesting a key twice traps; missing, misshapen and unused keys are reported together by
/// `finish()`.
public final class ParameterStore {
    /// The source of parameters.
    enum Source {
        case checkpoint(SafetensorsCheckpoint, names: [String: String])
        case fresh(seed: UInt64, InitializationScheme)
        case plan
    }

    /// The element type of parameters.
    public let dtype: DType
    /// The device of parameters.
    public let device: Device
    /// Whether parameters record gradients and have their own memory.
    public let isTrainable: Bool
    /// The low-rank adapters of the model's linear layers; nil if it has none.
    public let adapters: AdapterStore?
    /// The state of a training step that the model's layers read.
    public let context = StepContext()
    /// The requested parameters, in order.
    public private(set) var declarations: [ParameterDeclaration] = []
    /// The parameters by key.
    public private(set) var tensors: [String: Tensor] = [:]

    let source: Source
    private var provided: [String: Tensor] = [:]
    /// Keys of parameters that are trained beside adapters.
    private var alwaysTrained: Set<String> = []
    private var missing: [String] = []
    private var misshapen: [String] = []

    private init(
        _ source: Source, dtype: DType, device: Device, isTrainable: Bool,
        adapters: AdapterStore? = nil
    ) {
        (self.source, self.dtype, self.device) = (source, dtype, device)
        (self.isTrainable, self.adapters) = (isTrainable, adapters)
    }

    /// Creates a store on a checkpoint, whose tensor `names[key]` is the parameter `key`. With
    /// adapters only these are trained; without training they are merged into the weights.
    public convenience init(
        _ checkpoint: SafetensorsCheckpoint, names: [String: String], dtype: DType,
        device: Device = .cpu, isTrainable: Bool = false, adapters: AdapterStore? = nil
    ) {
        self.init(
            .checkpoint(checkpoint, names: names), dtype: dtype, device: device,
            isTrainable: isTrainable, adapters: adapters)
    }

    /// Creates fresh parameters; each depends only on `seed` and its key.
    public convenience init(
        seed: UInt64, scheme: InitializationScheme, dtype: DType = .float32,
        device: Device = .cpu, isTrainable: Bool = false, adapters: AdapterStore? = nil
    ) {
        self.init(
            .fresh(seed: seed, scheme), dtype: dtype, device: device, isTrainable: isTrainable,
            adapters: adapters)
    }

    /// A store without parameters, which only records `declarations`.
    public static func plan() -> ParameterStore {
        ParameterStore(.plan, dtype: .float32, device: .cpu, isTrainable: false)
    }

    /// The path of a model's outermost module.
    public var root: ParameterPath { ParameterPath(store: self, key: "") }

    /// The parameters in the order in which the model requested them.
    public var parameters: [(key: String, tensor: Tensor)] {
        declarations.compactMap { declaration in
            tensors[declaration.key].map { (declaration.key, $0) }
        }
    }

    /// The parameters that record gradients: all but frozen ones, or, with adapters, those of the
    /// adapters and of modules trained in full.
    public var trainableParameters: [(key: String, tensor: Tensor)] {
        parameters.filter(\.tensor.requiresGradient) + (adapters?.parameters ?? [])
    }

    /// Sums gradients of trained 16-bit parameters in float32. A step has many microbatches, and a
    /// contribution below a rounding step of a 16-bit sum would be lost.
    public func widenGradients() {
        for (_, tensor) in trainableParameters where tensor.dtype.byteCount == 2 {
            tensor.setGradientType(.float32)
        }
    }

    /// Excludes the parameters whose key matches a pattern from training.
    ///
    /// - Throws: `ParameterError.patternUnused` for a pattern that matches no key.
    public func freeze(_ patterns: [KeyPattern], setting: String) throws {
        for pattern in patterns {
            let found = parameters.filter { pattern.isFound(in: $0.key) }
            guard !found.isEmpty else {
                throw ParameterError.patternUnused(setting: setting, pattern: pattern.text)
            }
            for (_, tensor) in found { tensor.setRequiresGradient(false) }
        }
    }

    /// The parameter `key` with its adapter, if any, merged into it.
    public func merged(_ key: String, _ tensor: Tensor) -> Tensor {
        adapters?.merged(key, tensor) ?? tensor.detached()
    }

    /// Whether the checkpoint has a parameter whose key begins with `prefix`; true for fresh ones.
    public func hasStored(prefix: String) -> Bool {
        guard case .checkpoint(_, let names) = source else { return true }
        return names.keys.contains { $0.hasPrefix(prefix) }
    }

    /// Provides the value of a parameter that the checkpoint lacks, before the model requests it.
    public func provide(_ key: String, _ tensor: Tensor) {
        provided[key] = tensor
    }

    /// Trains the parameter `key` even beside adapters. Call before the model requests it.
    public func trainBesideAdapters(_ key: String) {
        alwaysTrained.insert(key)
    }

    private func isTrained(_ key: String) -> Bool {
        guard isTrainable, let adapters else { return isTrainable }
        return adapters.settings.isWhole(key) || alwaysTrained.contains(key)
    }

    func parameter(_ key: String, _ shape: [Int], _ role: ParameterRole) -> Tensor {
        precondition(tensors[key] == nil, "parameter \(key) is requested twice")
        declarations.append(ParameterDeclaration(key: key, shape: shape, role: role))
        var tensor: Tensor
        switch source {
        case .plan: tensor = .zeros([])
        case .fresh(let seed, let scheme):
            var random = RandomSource(seed: seed, name: key)
            tensor = scheme.draw(role, shape, dtype: dtype, on: device, using: &random)
        case .checkpoint(let checkpoint, let names):
            tensor =
                adapters?.whole(key, shape, self) ?? provided[key]
                ?? stored(key, shape, checkpoint, names) ?? .zeros([])
        }
        // Adapters of embeddings are merged, and not trained further.
        if !isTrainable { tensor = adapters?.mergedEmbedding(key, tensor, self) ?? tensor }
        if isTrained(key) { tensor.setRequiresGradient(true) }
        tensors[key] = tensor
        return tensor
    }

    /// The weight of a linear layer, with its adapter if that is trained, else merged.
    func adaptedWeight(
        _ module: String, _ shape: [Int], _ role: ParameterRole
    ) -> (weight: Tensor, adapter: LowRankAdapter?) {
        let key = "\(module).weight"
        let weight = parameter(key, shape, role)
        guard let adapters, weight.shape == shape,
            let adapter = adapters.adapter(module, weight, self)
        else { return (weight, nil) }
        guard !isTrainable else { return (weight, adapter) }
        let merged = adapter.merged(into: weight)
        tensors[key] = merged
        return (merged, nil)
    }

    /// The parameter `key` of the checkpoint; problems are kept for `finish()`.
    private func stored(
        _ key: String, _ shape: [Int], _ checkpoint: SafetensorsCheckpoint,
        _ names: [String: String]
    ) -> Tensor? {
        guard let name = names[key] else {
            missing.append(key)
            return nil
        }
        do {
            let file = try checkpoint.file(of: name)
            let entry = try file.entry(name)
            guard entry.shape == shape else {
                misshapen.append("\(name) is \(entry.shape), not \(shape)")
                return nil
            }
            guard let mapped = try Tensor(name, in: file), mapped.dtype.isFloatingPoint else {
                misshapen.append("\(name) is of type \(entry.dtype.rawValue), not a float")
                return nil
            }
            // A trained parameter must not share the file's pages.
            let isKept = mapped.dtype == dtype && device == .cpu
            if isKept && !isTrained(key) { return mapped }
            let own = isKept ? mapped.clone() : mapped.to(dtype).to(device)
            try file.release(name)
            return own
        } catch {
            misshapen.append("\(name) cannot be read (\(error.localizedDescription))")
            return nil
        }
    }

    /// Ends construction.
    ///
    /// - Parameter mayBeUnused: whether a model may ignore a key of the checkpoint.
    /// - Throws: `ParameterError.mismatch` naming every parameter that is missing, misshapen or
    ///   unknown.
    public func finish(mayBeUnused: (String) -> Bool = { _ in false }) throws {
        guard case .checkpoint(let checkpoint, let names) = source else { return }
        let unknown = names.keys.filter { tensors[$0] == nil && !mayBeUnused($0) }.sorted()
        guard missing.isEmpty && misshapen.isEmpty && unknown.isEmpty else {
            throw ParameterError.mismatch(
                file: checkpoint.url.path, missing: missing, misshapen: misshapen,
                unknown: unknown)
        }
    }
}

/// A node in the tree of a model's parameters.
///
///     let query = Linear(path / "q_proj", from: 128, to: 128)
public struct ParameterPath {
    /// The source of the parameters.
    public let store: ParameterStore
    /// The names from the root to this node, joined by dots.
    public let key: String

    /// The path of a child.
    public static func / (path: ParameterPath, name: String) -> ParameterPath {
        ParameterPath(store: path.store, key: path.key.isEmpty ? name : "\(path.key).\(name)")
    }

    /// The path of a child with an index.
    public static func / (path: ParameterPath, index: Int) -> ParameterPath {
        path / String(index)
    }

    /// The weight of the linear layer at this path, and its adapter if it has one to train.
    func adaptedWeight(
        _ shape: [Int], _ role: ParameterRole
    ) -> (weight: Tensor, adapter: LowRankAdapter?) {
        store.adaptedWeight(key, shape, role)
    }

    /// The parameter `name` at this path.
    public func parameter(_ name: String, _ shape: [Int], _ role: ParameterRole) -> Tensor {
        store.parameter((self / name).key, shape, role)
    }
}
