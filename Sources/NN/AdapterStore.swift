// The adapters of a model, requested by the linear layers that carry them.

import MoCaCore
public import Torch

/// The low-rank adapters of one model, and the source of their parameters.
///
/// The keys are PEFT's: the layer's key followed by `.lora_A.weight`, `.lora_B.weight` or
/// `.lora_magnitude_vector`.
public final class AdapterStore {
    /// The source of adapters.
    enum Source {
        case fresh
        case stored([String: Tensor], file: String)
    }

    /// The settings of the adapters.
    public let settings: AdapterSettings
    let source: Source
    private let seed: UInt64
    /// Keys of adapted layers, in the order of the model.
    public private(set) var modules: [String] = []
    /// The adapters' parameters by key, in the order of the model.
    public private(set) var parameters: [(key: String, tensor: Tensor)] = []
    private var adapters: [String: LowRankAdapter] = [:]
    private var used: Set<String> = []
    private var missing: [String] = []
    private var misshapen: [String] = []

    private init(_ settings: AdapterSettings, _ source: Source, seed: UInt64) {
        (self.settings, self.source, self.seed) = (settings, source, seed)
    }

    /// Creates fresh adapters, which leave the model's output unchanged. Each depends only on
    /// `seed` and its key, and so does dropout.
    public convenience init(fresh settings: AdapterSettings, seed: UInt64) {
        self.init(settings, .fresh, seed: seed)
    }

    /// Creates adapters from a file, with the weights of modules trained in full; `seed` is for
    /// dropout.
    public convenience init(
        _ settings: AdapterSettings, stored tensors: [String: Tensor], file: String, seed: UInt64
    ) {
        self.init(settings, .stored(tensors, file: file), seed: seed)
    }

    /// The adapter of the layer `module`, whose weight is `weight` `[O, I]`; nil if it has none.
    func adapter(_ module: String, _ weight: Tensor, _ store: ParameterStore) -> LowRankAdapter? {
        guard isAdapted(module) else { return nil }
        let (outputs, inputs) = weight.sizes2()
        modules.append(module)
        let rank = settings.rank(of: module)
        let a = parameter("\(module).lora_A.weight", [rank, inputs], store) {
            self.freshA($0, $1, store)
        }
        let b = parameter("\(module).lora_B.weight", [outputs, rank], store) {
            .zeros($1, dtype: store.dtype, on: store.device)
        }
        let magnitude =
            settings.usesMagnitude
            ? parameter("\(module).lora_magnitude_vector", [outputs], store) { _, _ in
                LowRankAdapter.lengths(ofRows: weight).to(store.dtype)
            } : nil
        let dropout = AdapterDropout(
            share: settings.dropout, seed: seed, module: module, context: store.context)
        let adapter = LowRankAdapter(
            loraA: a, loraB: b, magnitude: magnitude, scaling: settings.scaling(of: module),
            dropout: settings.dropout > 0 ? dropout : nil)
        adapters[module] = adapter
        return adapter
    }

    private func isAdapted(_ module: String) -> Bool {
        switch source {
        case .fresh: return settings.targets.contain(module) && !settings.isWhole(module)
        case .stored(let tensors, _):
            return tensors["\(module).lora_A.weight"] != nil
                || tensors["\(module).lora_B.weight"] != nil
        }
    }

    private func parameter(
        _ key: String, _ shape: [Int], _ store: ParameterStore,
        fresh: (String, [Int]) -> Tensor
    ) -> Tensor {
        let tensor: Tensor
        switch source {
        case .fresh: tensor = fresh(key, shape)
        case .stored: tensor = stored(key, shape, store) ?? .zeros(shape)
        }
        if store.isTrainable { tensor.setRequiresGradient(true) }
        parameters.append((key, tensor))
        return tensor
    }

    private func stored(_ key: String, _ shape: [Int], _ store: ParameterStore) -> Tensor? {
        guard case .stored(let tensors, _) = source else { return nil }
        used.insert(key)
        guard let tensor = tensors[key] else {
            missing.append(key)
            return nil
        }
        guard tensor.shape == shape else {
            misshapen.append("\(key) is \(tensor.shape), not \(shape)")
            return nil
        }
        return tensor.to(store.dtype).to(store.device).clone()
    }

    /// Whether the adapters' file has a tensor `key`; false for fresh adapters.
    public func has(_ key: String) -> Bool {
        guard case .stored(let tensors, _) = source else { return false }
        return tensors[key] != nil
    }

    /// The file's value of a parameter that was trained in full; nil if the file has none.
    func whole(_ key: String, _ shape: [Int], _ store: ParameterStore) -> Tensor? {
        has(key) ? stored(key, shape, store) : nil
    }

    /// Whether the file adapts the embedding `module`.
    private func hasEmbeddingAdapter(_ module: String) -> Bool {
        has("\(module).lora_embedding_A") || has("\(module).lora_embedding_B")
    }

    /// The table of an adapted embedding: `W + s (B A)^T`, where `W` is `[V, D]`, `A` is `[R, V]`
    /// and `B` is `[D, R]`; nil if `key` is not the weight of one.
    func mergedEmbedding(_ key: String, _ weight: Tensor, _ store: ParameterStore) -> Tensor? {
        guard key.hasSuffix(".weight"), weight.rank == 2 else { return nil }
        let module = String(key.dropLast(".weight".count))
        guard hasEmbeddingAdapter(module) else { return nil }
        let rank = settings.rank(of: module)
        let (rows, width) = weight.sizes2()
        guard let a = stored("\(module).lora_embedding_A", [rank, rows], store),
            let b = stored("\(module).lora_embedding_B", [width, rank], store)
        else { return nil }
        return withoutGradient {
            let change = b.to(.float32).matmul(a.to(.float32)).transposed(0, 1)
            let sum = weight.to(.float32) + change * settings.scaling(of: module)
            return sum.to(weight.dtype)
        }
    }

    private func freshA(_ key: String, _ shape: [Int], _ store: ParameterStore) -> Tensor {
        var random = RandomSource(seed: seed, name: key)
        switch settings.initialization {
        case .gaussian:
            return .normal(
                shape, deviation: 1 / Double(settings.rank), dtype: store.dtype,
                on: store.device, using: &random)
        case .standard:
            let bound = 1 / Float(shape[1]).squareRoot()
            let values = (0..<shape[0] * shape[1]).map { _ in
                (2 * random.uniform() - 1) * bound
            }
            return Tensor(values, shape: shape).to(store.dtype).to(store.device)
        }
    }

    /// The weight of a plain layer that is equivalent to the adapted layer with `key`; nil if the
    /// key is not an adapted layer's weight.
    func merged(_ key: String, _ weight: Tensor) -> Tensor? {
        guard key.hasSuffix(".weight") else { return nil }
        return adapters[String(key.dropLast(".weight".count))]?.merged(into: weight)
    }

    // MARK: Merging without a model

    /// Records a parameter of a checkpoint, for `finish()`.
    public func check(_ key: String, shape: [Int]) {
        guard case .stored(let tensors, _) = source else { return }
        func check(_ name: String, _ wanted: [Int]) {
            used.insert(name)
            guard let tensor = tensors[name] else { return missing.append(name) }
            if tensor.shape != wanted {
                misshapen.append("\(name) is \(tensor.shape), not \(wanted)")
            }
        }
        if tensors[key] != nil { check(key, shape) }
        guard key.hasSuffix(".weight") else { return }
        let module = String(key.dropLast(".weight".count))
        if hasEmbeddingAdapter(module), shape.count == 2 {
            let rank = settings.rank(of: module)
            check("\(module).lora_embedding_A", [rank, shape[0]])
            check("\(module).lora_embedding_B", [shape[1], rank])
        }
        guard isAdapted(module), shape.count == 2 else { return }
        let rank = settings.rank(of: module)
        check("\(module).lora_A.weight", [rank, shape[1]])
        check("\(module).lora_B.weight", [shape[0], rank])
        if settings.usesMagnitude { check("\(module).lora_magnitude_vector", [shape[0]]) }
    }

    /// The parameter `key` of a checkpoint that `finish()` accepted, merged with the file's values
    /// for it.
    public func merge(_ key: String, into weight: Tensor) -> Tensor {
        let plan = ParameterStore.plan()
        // A file may have the weight beside the adapter that is added to it.
        let weight = whole(key, weight.shape, plan) ?? weight
        guard key.hasSuffix(".weight"), weight.rank == 2 else { return weight }
        if let merged = mergedEmbedding(key, weight, plan) { return merged }
        let module = String(key.dropLast(".weight".count))
        defer { adapters[module] = nil }
        return adapter(module, weight, plan)?.merged(into: weight) ?? weight
    }

    /// Ends construction.
    ///
    /// - Parameter mayBeUnused: whether a model may ignore a key of the file.
    /// - Throws: `ParameterError.adapterMismatch` naming every parameter that is missing,
    ///   misshapen or of a module that the model lacks; `.patternUnused` if fresh adapters found no
    ///   layer.
    public func finish(mayBeUnused: (String) -> Bool = { _ in false }) throws {
        switch source {
        case .fresh:
            guard modules.isEmpty else { return }
            throw ParameterError.patternUnused(
                setting: "lora.target_modules", pattern: settings.targets.description)
        case .stored(let tensors, let file):
            let unknown = tensors.keys.filter { !used.contains($0) && !mayBeUnused($0) }.sorted()
            guard missing.isEmpty && misshapen.isEmpty && unknown.isEmpty else {
                throw ParameterError.adapterMismatch(
                    file: file, missing: missing, misshapen: misshapen, unknown: unknown)
            }
        }
    }
}

extension AdapterSettings.Targets: CustomStringConvertible {
    public var description: String {
        switch self {
        case .suffixes(let list): list.joined(separator: ", ")
        case .pattern(let pattern): pattern.text
        }
    }
}
