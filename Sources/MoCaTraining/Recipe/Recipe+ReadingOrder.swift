// The keys of a recipe that decide which samples come when: mixture, packing, what is left out.

import MoCaData

extension Recipe {
    /// `data.mixture`.
    struct MixtureKeys {
        var temperature: Double?
        var cap: Int?
    }

    static func readMixture(_ data: RecipeSection, isWeighted: Bool) -> MixtureKeys {
        let section = data.section("mixture")
        var mixture = MixtureKeys()
        if section.has("temperature") {
            mixture.temperature = section.number("temperature", "a positive number") { $0 > 0 }
        }
        mixture.cap = section.optionalInteger("cap", in: 1...Int.max)
        if isWeighted {
            for key in ["temperature", "cap"] where section.has(key) {
                section.add(key, "and data.weights exclude each other")
            }
        }
        return mixture
    }

    static func readSampler(
        _ data: RecipeSection, isWeighted: Bool, _ mixture: MixtureKeys
    ) -> Sampler {
        let sampler = data.choice("sampler", default: Sampler.proportional)
        if sampler == .roundRobin, isWeighted {
            data.add("sampler", "is round_robin, which data.weights exclude")
        }
        if sampler == .roundRobin, mixture.temperature != nil {
            data.add("sampler", "is round_robin, which data.mixture.temperature excludes")
        }
        return sampler
    }

    private enum ErrorPolicyName: String, CaseIterable {
        case stop, skip
    }

    static func readErrorPolicy(_ data: RecipeSection) -> Quarantine.Policy {
        let name = data.choice("on_error", default: ErrorPolicyName.stop)
        let rate = data.number("max_error_rate", "in 0...1", default: 0.01) { $0 >= 0 && $0 <= 1 }
        switch name {
        case .skip: return .skip(maxErrorRate: rate)
        case .stop:
            if data.has("max_error_rate") {
                data.add("max_error_rate", "needs data.on_error: skip")
            }
            return .stop
        }
    }

    private enum PackingName: String, CaseIterable {
        case tokens
        case costBins = "cost_bins"
    }

    static func readPacking(_ batch: RecipeSection) -> Packing {
        let name = batch.choice("packing", default: PackingName.tokens)
        let window = batch.integer("window", in: 1...65_536, default: Packing.defaultWindow)
        switch name {
        case .tokens: return .firstFit(window: window)
        case .costBins:
            if batch.has("window") { batch.add("window", "needs batch.packing: tokens") }
            return .costBins
        }
    }
}

extension Recipe.Batch {
    /// The value of `batch.packing`.
    var packingName: String { packing == .costBins ? "cost_bins" : "tokens" }

    /// The value of `batch.window`; nil where there is none.
    var window: Int? {
        guard case .firstFit(let window) = packing else { return nil }
        return window
    }
}

extension Recipe.DataSettings {
    /// The value of `data.on_error`.
    var onError: String { maxErrorRate == nil ? "stop" : "skip" }

    /// The value of `data.max_error_rate`; nil where there is none.
    var maxErrorRate: Double? {
        guard case .skip(let rate) = errorPolicy else { return nil }
        return rate
    }
}
