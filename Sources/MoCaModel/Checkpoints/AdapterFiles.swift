// Low-rank adapters in PEFT's layout: adapter_config.json and adapter_model.safetensors, whose keys
// are `base_model.model.` followed by this program's key (transformers' module tree).

package import Foundation
import MoCaHub
import MoCaSettings
import MoCaSystem
package import NN
import Safetensors
import Torch

/// The adapters that a model is loaded with.
package enum AdapterChoice: Sendable, Hashable {
    /// The adapters of a folder; the seed is for dropout, and `whole` lists modules that are
    /// trained in full in addition to those named in the folder.
    case stored(URL, seed: UInt64 = 0, whole: [String] = [])
    /// Fresh adapters.
    case fresh(AdapterSettings, seed: UInt64)

    /// The adapter's folder; nil for fresh adapters.
    var folder: URL? {
        if case .stored(let folder, _, _) = self { folder } else { nil }
    }

    /// The store from which a model's layers request their adapters.
    ///
    /// - Throws: `ModelError`, `SafetensorsError`.
    func store() throws -> AdapterStore {
        switch self {
        case .fresh(let settings, let seed): return AdapterStore(fresh: settings, seed: seed)
        case .stored(let folder, let seed, let whole):
            let files = try AdapterFiles(reading: folder)
            var settings = try files.resolvedSettings()
            settings.wholeModules += whole.filter { !settings.wholeModules.contains($0) }
            return AdapterStore(
                settings, stored: try files.tensors(), file: files.weightsURL.path,
                seed: seed)
        }
    }
}

/// An adapter folder that PEFT or this program has written.
package struct AdapterFiles: Sendable {
    package static let configurationName = "adapter_config.json"
    package static let weightsName = "adapter_model.safetensors"
    private static let prefix = "base_model.model."
    private static let magnitude = ".lora_magnitude_vector"
    /// The module that PEFT puts a layer into when it adapts the layer; its trained bias and saved
    /// weight have this name.
    private static let adapted = ".base_layer."

    let folder: URL
    package let settings: AdapterSettings
    /// The model that the adapter was trained on; nil if the file does not say.
    package let base: String?

    var weightsURL: URL { folder.appending(path: Self.weightsName) }

    /// Reads the settings of a folder.
    ///
    /// - Throws: `ModelError`, with everything that is wrong or not supported.
    package init(reading folder: URL) throws {
        self.folder = folder
        let url = folder.appending(path: Self.configurationName)
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw ModelError.missingFile(url.path)
        }
        let data: Data
        do {
            data = try Data(contentsOf: url)
        } catch {
            throw ModelError.unreadable(file: url.path, reason: error.localizedDescription)
        }
        let section = try Section(modelFile: data, file: url.path)
        settings = AdapterSettings(section)
        base = section.optionalString("base_model_name_or_path")
        let problems = section.context.problems
        guard problems.isEmpty else {
            throw ModelError.badAdapter(file: url.path, problems: problems)
        }
    }

    /// The tensors by this program's keys.
    ///
    /// - Throws: `ModelError.sameParameter`, `SafetensorsError`.
    func tensors() throws -> [String: Tensor] {
        let file = try SafetensorsFile(mapping: weightsURL)
        var found: [String: Tensor] = [:]
        for name in file.names {
            guard let tensor = try Tensor(name, in: file) else { continue }
            let key = Self.key(of: name)
            if found.updateValue(tensor, forKey: key) != nil {
                throw ModelError.sameParameter(first: key, second: name, parameter: key)
            }
        }
        return found
    }

    /// The settings, with the values of single modules under this program's names: patterns match
    /// the names of the file.
    ///
    /// - Throws: `SafetensorsError`.
    func resolvedSettings() throws -> AdapterSettings {
        var settings = settings
        for name in try SafetensorsFile(mapping: weightsURL).names.sorted() {
            guard let end = name.firstRange(of: ".lora_")?.lowerBound else { continue }
            settings.addValues(
                of: Self.plain(String(name[..<end])), to: Self.key(of: String(name[..<end])))
        }
        return settings
    }

    private static func plain(_ stored: String) -> String {
        stored.hasPrefix(prefix) ? String(stored.dropFirst(prefix.count)) : stored
    }

    /// The canonical key of a stored one: newer versions of PEFT and transformers rename some
    /// modules.
    static func key(of stored: String) -> String {
        let key = CheckpointKeys.canonical(plain(stored)).replacing(adapted, with: ".")
        return key.hasSuffix(magnitude + ".weight") ? String(key.dropLast(".weight".count)) : key
    }

    /// Writes the adapters of a model, and the modules that are trained in full beside them, into
    /// an existing folder.
    ///
    /// - Parameter base: the model that the adapters were trained on.
    /// - Throws: `ModelError`, `SafetensorsError`.
    static func write(
        _ tensors: [(key: String, tensor: Tensor)], _ settings: AdapterSettings, base: URL,
        to folder: URL
    ) throws {
        let contents = tensors.map { key, tensor in
            (
                tensor: SafetensorsDeclaration(prefix + key, tensor.dtype.stored, tensor.shape),
                bytes: tensor.detached().withBytes { Data($0) }
            )
        }
        try SafetensorsWriter.write(
            contents, to: folder.appending(path: weightsName), metadata: ["format": "pt"])
        let url = folder.appending(path: configurationName)
        do {
            try AtomicFile.write(
                JSONFormat.document.data(
                    settings.fileValue(base: HubSnapshot(base)?.name ?? base.path)), to: url)
        } catch {
            throw ModelError.cannotWrite(file: url.path, reason: error.fileReason)
        }
    }
}

extension AdapterSettings {
    /// The values with which settings that this program does not implement have no effect. Settings
    /// that only decide where PEFT adds adapters (`exclude_modules`, `layers_to_transform`,
    /// `layers_pattern`) are not listed, because the names of the tensors determine it.
    private static let inert: [String: [JSON]] = [
        "fan_in_fan_out": [.bool(false)], "lora_bias": [.bool(false)],
        "megatron_config": [], "trainable_token_indices": [], "target_parameters": [],
        "corda_config": [], "layer_replication": [], "use_qalora": [.bool(false)],
    ]
    /// Initialisations of fresh adapters that leave the base weights unchanged.
    private static let harmlessInitializations: Set<String> = ["gaussian", "eva", "orthogonal"]
    private static let biases: Set<String> = ["none", "all", "lora_only"]

    /// Reads an `adapter_config.json`; problems are added to the section's list.
    fileprivate init(_ section: Section) {
        self.init(targets: .suffixes([]))
        let kind = section.optionalString("peft_type") ?? "LORA"
        if kind != "LORA" { section.add("peft_type", "is \"\(kind)\", must be \"LORA\"") }
        for (key, allowed) in Self.inert.sorted(by: { $0.key < $1.key }) {
            guard let value = section[key], !allowed.contains(value) else { continue }
            section.add(key, "is \(value.shortDescription), which is not supported")
        }
        rank = section.count("r", default: 8)
        alpha = section.number("lora_alpha", default: 8)
        dropout = section.number("lora_dropout", default: 0)
        if !(0..<1).contains(dropout) {
            section.add("lora_dropout", "is \(dropout), must be from 0 to below 1")
        }
        usesMagnitude = section.bool("use_dora", default: false)
        dividesByRoot = section.bool("use_rslora", default: false)
        targets = Self.targets(section)
        wholeModules = section.strings("modules_to_save") ?? []
        rankPattern = Self.moduleValues("rank_pattern", section)
        alphaPattern = Self.moduleValues("alpha_pattern", section)
        bias = section.optionalString("bias") ?? "none"
        if !Self.biases.contains(bias) {
            section.add("bias", "is \"\(bias)\", must be one of none, all, lora_only")
        }
        switch section["init_lora_weights"] {
        case nil, .bool: initialization = .standard
        case .string("gaussian"): initialization = .gaussian
        case .string(let name) where Self.harmlessInitializations.contains(name):
            initialization = .standard
        case let other?:
            section.add(
                "init_lora_weights",
                "is \(other.shortDescription), which changes the base weights too: merge the adapter "
                    + "with PEFT")
        }
    }

    /// The values of `rank_pattern` or `alpha_pattern` by pattern, in the order of the file.
    private static func moduleValues(_ key: String, _ section: Section) -> [ModuleValue] {
        switch section[key] {
        case nil, .null: return []
        case .object(let values):
            return values.compactMap { pattern, value in
                guard let number = value.number, number > 0,
                    key != "rank_pattern" || number == number.rounded()
                else {
                    section.add(
                        "\(key).\(pattern)", "is \(value.shortDescription), must be positive")
                    return nil
                }
                return ModuleValue(pattern: pattern, value: number)
            }
        case let other?:
            section.add(key, "is \(other.shortDescription), must be an object")
            return []
        }
    }

    private static func object(_ values: [ModuleValue]) -> JSON {
        .object(
            JSONObject(
                values.map { entry in
                    let isWhole = entry.value == entry.value.rounded()
                    return (
                        entry.pattern,
                        isWhole ? .integer(Int(entry.value)) : .number(entry.value)
                    )
                }))
    }

    private static func targets(_ section: Section) -> Targets {
        if case .string(let text) = section["target_modules"] {
            guard let pattern = KeyPattern(text) else {
                section.add("target_modules", "is no regular expression")
                return .suffixes([])
            }
            return .pattern(pattern)
        }
        return .suffixes(section.strings("target_modules") ?? [])
    }

    /// The JSON of the configuration file that PEFT reads.
    fileprivate func fileValue(base: String) -> JSON {
        let modules: JSON =
            switch targets {
            case .suffixes(let list): .array(list.map { .string($0) })
            case .pattern(let pattern): .string(pattern.text)
            }
        var file: JSONObject = [
            "peft_type": .string("LORA"), "task_type": .null, "inference_mode": .bool(true),
            "base_model_name_or_path": .string(base), "r": .integer(rank),
            "lora_alpha": alpha == alpha.rounded() ? .integer(Int(alpha)) : .number(alpha),
            "lora_dropout": .number(dropout), "target_modules": modules, "bias": .string(bias),
            "fan_in_fan_out": .bool(false), "use_dora": .bool(usesMagnitude),
            "use_rslora": .bool(dividesByRoot),
            "modules_to_save": wholeModules.isEmpty
                ? .null : .array(wholeModules.map { .string($0) }),
            "init_lora_weights": initialization == .gaussian ? .string("gaussian") : .bool(true),
        ]
        if !rankPattern.isEmpty { file["rank_pattern"] = Self.object(rankPattern) }
        if !alphaPattern.isEmpty { file["alpha_pattern"] = Self.object(alphaPattern) }
        return .object(file)
    }
}
