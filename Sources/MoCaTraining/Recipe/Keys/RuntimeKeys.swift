// `runtime`: the device, numerics and threads of a run.

import MoCaSettings
import NN
import Torch

extension Recipe.Runtime: RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] {
        [
            device, dtype, .integer("threads", \.threads, in: 1...1024),
            .bool("master_weights", \.usesMasterWeights), gradientType,
            .choice("activation_checkpointing", \.activationCheckpointing),
            .integer("prefetch", \.prefetch, in: 1...64),
            .integer("data_workers", \.dataWorkers, in: 1...1024), imageCache,
            .choice("on_not_finite", \.onNotFinite),
            .integer("not_finite_budget", \.notFiniteBudget, in: 1...recipeSizeMax),
            sharding, rankTimeout,
        ]
    }

    private static var device: RecipeKey<Self> {
        RecipeKey { section, runtime in
            guard let text = section.optionalString("device"), text != "auto" else { return }
            runtime.device = Device(recipe: text)
            if runtime.device == nil {
                section.add("device", "is '\(text)', must be auto, cpu, cuda, cuda:N or mps")
            }
        } write: {
            [("device", .value($0.device?.description ?? "auto"))]
        }
    }

    private static var dtype: RecipeKey<Self> {
        RecipeKey { section, runtime in
            guard let text = section.optionalString("dtype"), text != "auto" else { return }
            runtime.dtype = DType(rawValue: text)
            if ![.float32, .bfloat16, .float16].contains(runtime.dtype) {
                section.add("dtype", "is '\(text)', must be auto, float32, bfloat16 or float16")
            }
        } write: {
            [("dtype", .value($0.dtype?.rawValue ?? "auto"))]
        }
    }

    private static var gradientType: RecipeKey<Self> {
        let key = "float32_gradients"
        return RecipeKey { section, runtime in
            runtime.sumsInFloat32 = section.bool(key, default: runtime.sumsInFloat32)
            if section.has(key), runtime.sumsInFloat32, !runtime.usesMasterWeights {
                section.add(key, "is true, which needs master_weights: true")
            }
        } write: { runtime in
            // A resumed run needs an equal recipe text, and older recipes lack the key. It is
            // written only when it affects how gradients are summed, so that a difference is named.
            let isSilent = runtime.sumsInFloat32 && !runtime.mayHaveMasters
            return [(key, isSilent ? nil : .value(runtime.sumsInFloat32))]
        }
    }

    /// Whether weights have, or may turn out to have, 16 bits and master copies.
    private var mayHaveMasters: Bool {
        guard usesMasterWeights else { return false }
        // On devices other than the CPU, the stored type is used.
        guard let dtype else { return device?.kind != .cpu }
        return dtype.byteCount == 2
    }

    /// `zero_stage`, as DeepSpeed numbers the stages of ZeRO. Both keys are written only if they
    /// are set, because older recipes, which a resumed run must equal, lack them.
    private static var sharding: RecipeKey<Self> {
        let key = "zero_stage"
        return RecipeKey { section, runtime in
            let stage = section.integer(key, in: 0...1, default: runtime.sharding.rawValue)
            runtime.sharding = RankedAdamW.Sharding(rawValue: stage) ?? .none
        } write: {
            [(key, $0.sharding == .none ? nil : .value($0.sharding.rawValue))]
        }
    }

    private static var rankTimeout: RecipeKey<Self> {
        let key = "rank_timeout"
        return RecipeKey { section, runtime in
            runtime.rankTimeout = section.integer(
                key, in: 1...1_000_000, default: runtime.rankTimeout)
        } write: {
            [(key, $0.rankTimeout == Self().rankTimeout ? nil : .value($0.rankTimeout))]
        }
    }

    private static var imageCache: RecipeKey<Self> {
        let key = "image_cache_megabytes"
        return RecipeKey { section, runtime in
            let megabytes = section.integer(
                key, in: 0...1 << 20, default: runtime.imageCacheBytes >> 20)
            runtime.imageCacheBytes = megabytes << 20
        } write: {
            [(key, .value($0.imageCacheBytes >> 20))]
        }
    }
}

extension Device {
    /// Parses `cpu`, `cuda`, `cuda:1` or `mps`; nil for anything else.
    fileprivate init?(recipe text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard let kind = Kind(rawValue: String(parts[0])), parts.count <= 2 else { return nil }
        guard parts.count == 2 else {
            self.init(kind)
            return
        }
        guard kind == .cuda, let index = Int(parts[1]), Self.indices.contains(index) else {
            return nil
        }
        self.init(kind, index: index)
    }
}
