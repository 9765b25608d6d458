// Where the parameters of a model come from, by name and shape: a checkpoint, a seed, or nowhere (a
// plan of what there would be). Loading is construction: a module asks for what it needs.

import Foundation
import MoCaCore
public import Safetensors
public import Torch

/// One parameter that a model requested.
public struct ParameterDeclaration: Sendable, Hashable {
    /// Its key in a checkpoint.
    public let key: String
    /// Its axes.
    public let shape: [Int]
    /// What it is for, which decides how a fresh one is drawn.
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
/// Requesting a key twice traps; keys missing, misshapen or left over are reported by `finish()`,
/// all at once.
public final class ParameterStore {
    /// Where parameters come from.
    enum Source {
        case checkpoint(SafetensorsCheckpoint, names: [String: String])
        case fresh(seed: UInt64, InitializationScheme)
        case plan
    }

    /// The type of parameters.
    public let dtype: DType
    /// Where parameters are put.
    public let device: Device
    /// Whether parameters record gradients and have memory of their own.
    public let isTrainable: Bool
    /// The low-rank adapters of the model's linear layers; nil where it has none.
    public let adapters: AdapterStore?
    /// What a training step says to the model's layers.
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

    /// Parameters of a checkpoint, whose tensor `names[key]` is the parameter `key`. With adapters
    /// these alone are trained; without training they are merged into the weights.
    public convenience init(
        _ checkpoint: SafetensorsCheckpoint, names: [String: String], dtype: DType,
        device: Device = .cpu, isTrainable: Bool = false, adapters: AdapterStore? = nil
    ) {
        self.init(
            .checkpoint(checkpoint, names: names), dtype: dtype, device: device,
            isTrainable: isTrainable, adapters: adapters)
    }

    /// Fresh parameters; each depends on `seed` and its key alone.
    public convenience init(
        seed: UInt64, scheme: InitializationScheme, dtype: DType = .float32,
        device: Device = .cpu, isTrainable: Bool = false, adapters: AdapterStore? = nil
    ) {
        self.init(
            .fresh(seed: seed, scheme), dtype: dtype, device: device, isTrainable: isTrainable,
            adapters: adapters)
    }

    /// No parameters: only `declarations` are of use.
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

    /// The parameters that record gradients: all but frozen ones, or the adapters' and those of
    /// modules that are trained whole.
    public var trainableParameters: [(key: String, tensor: Tensor)] {
        parameters.filter(\.tensor.requiresGradient) + (adapters?.parameters ?? [])
    }

    /// Sums gradients of trained parameters of 16 bits in float32. A step has many parts, and what
    /// one of them adds to a sum in 16 bits is lost where it is below a rounding step of the sum.
    public func widenGradients() {
        for (_, tensor) in trainableParameters where tensor.dtype.byteCount == 2 {
            tensor.setGradientType(.float32)
        }
    }

    /// Stops training of the parameters that a pattern is found in.
    ///
    /// - Throws: `ParameterError.patternUnused` for a pattern that is found in none.
    public func freeze(_ patterns: [KeyPattern], setting: String) throws {
        for pattern in patterns {
            let found = parameters.filter { pattern.isFound(in: $0.key) }
            guard !found.isEmpty else {
                throw ParameterError.patternUnused(setting: setting, pattern: pattern.text)
            }
            for (_, tensor) in found { tensor.setRequiresGradient(false) }
        }
    }

    /// The parameter `key` with its adapter merged into it, where it has one.
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

    /// Trains the parameter `key` beside adapters too. Call before the model requests it.
    public func trainBesideAdapters(_ key: String) {
        alwaysTrained.insert(key)
    }

    private func isTrained(_ key: String) -> Bool {
        guard isTrainable, let adapters else { return isTrainable }
        return adapters.settings.isWhole(key) || alwaysTrained.contains(key)
    }

    func parameter(_ key: String, _ shape: [Int], _ role: ParameterRole) -> Tensor {
        precondition(tensors[key] == nil, "parameter \(key) is asked for twice")
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

    /// The weight of a linear layer, with its adapter while that is trained, else merged.
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

    /// The parameter `key` of the checkpoint; what is wrong with it is kept for `finish()`.
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
            // A parameter that is trained must not share the file's pages.
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
    /// - Parameter mayBeUnused: which keys of the checkpoint a model may leave aside.
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

/// A place in the tree of a model's parameters.
///
///     let query = Linear(path / "q_proj", from: 128, to: 128)
public struct ParameterPath {
    /// Where its parameters come from.
    public let store: ParameterStore
    /// The names down to here, joined by dots.
    public let key: String

    /// The path of a child.
    public static func / (path: ParameterPath, name: String) -> ParameterPath {
        ParameterPath(store: path.store, key: path.key.isEmpty ? name : "\(path.key).\(name)")
    }

    /// The path of a numbered child.
    public static func / (path: ParameterPath, index: Int) -> ParameterPath {
        path / String(index)
    }

    /// The weight of a linear layer here, and its adapter where it has one to train.
    func adaptedWeight(
        _ shape: [Int], _ role: ParameterRole
    ) -> (weight: Tensor, adapter: LowRankAdapter?) {
        store.adaptedWeight(key, shape, role)
    }

    /// The parameter `name` here.
    public func parameter(_ name: String, _ shape: [Int], _ role: ParameterRole) -> Tensor {
        store.parameter((self / name).key, shape, role)
    }
}
