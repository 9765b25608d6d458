// `objective`: the training objective. Each difference between the MoCa paper and its released code
// is a key here or in the other mappings.

import Foundation
import MoCaModel
import MoCaObjectives
import MoCaSettings

extension Recipe {
    static var objectiveKey: RecipeKey<Recipe> {
        RecipeKey { root, recipe in
            recipe.objective.read(root.section("objective"))
        } write: {
            [("objective", $0.objective.node)]
        }
    }
}

extension Recipe.ObjectiveSettings {
    mutating func read(_ section: Section) {
        switch self {
        case .reconstruction(var settings):
            settings.read(section)
            self = .reconstruction(settings)
        case .contrastive(var settings):
            settings.read(section)
            self = .contrastive(settings)
        }
    }

    var node: JSON {
        switch self {
        case .reconstruction(let settings): .keys(settings.keysAndNodes)
        case .contrastive(let settings): .keys(settings.keysAndNodes)
        }
    }
}

// MARK: Pre-training

extension Recipe.Reconstruction: RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] { [.inline(\.masking), .inline(\.loss)] }
}

extension Masking.Settings: RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] {
        [
            .number("mlm_ratio", \.mlmRatio, .fraction, isRequired: true),
            .number("mae_ratio", \.maeRatio, .fraction, isRequired: true),
            .choice("patch_noise", \.noise), .number("mlm_ratio_end", \.mlmRatioEnd, .fraction),
            .number("mae_ratio_end", \.maeRatioEnd, .fraction),
            .number("mlm_span_length", \.spanLength, .atLeastOne),
        ]
    }
}

extension ReconstructionObjective.Settings: RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] {
        [
            .choice("mlm_target", \.tokenTarget),
            .number("mae_weight", \.maeWeight, .notNegative, isRequired: true),
            .bool("normalize_patches", \.normalizesPatches),
        ]
    }
}

// MARK: Contrastive

extension Recipe.Contrastive: RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] {
        [
            .inline(\.loss), .integer("hard_negatives", \.hardNegatives, in: 0...1 << 20),
            .bool("task_homogeneous", \.isTaskHomogeneous), .choice("attention", \.attention),
            .choice("pooling", \.pooling),
            .check { section, settings in
                if settings.loss.distillationWeight > 0, settings.hardNegatives == 0 {
                    section.add("distillation_weight", "needs hard_negatives of at least 1")
                }
            },
        ]
    }
}

extension ContrastiveObjective.Settings: RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] {
        [
            .number("temperature", \.temperature, .positive, isRequired: true),
            .bool("temperature_learned", \.learnsTemperature),
            .choice("hard_negative_scope", \.hardNegativeScope),
            .bool("mask_repeated_positives", \.masksRepeatedPositives),
            .bool("mask_same_target", \.masksSameTarget),
            .number("false_negative_margin", \.falseNegativeMargin, .any),
            .choice("false_negative_margin_strategy", \.marginStrategy),
            .bool("symmetric", \.isSymmetric),
            .numbers("matryoshka_dimensions", \.matryoshkaDimensions, "positive integers") {
                $0.compactMap { $0 >= 1 ? Int(exactly: $0) : nil }
            },
            .weights("matryoshka_weights", \.matryoshkaWeights), quantizationKey,
            .weights("quantization_weights", \.quantizationWeights),
            .number("distillation_weight", \.distillationWeight, .notNegative),
            .number("distillation_temperature", \.distillationTemperature, .positive),
            .check { section, settings in settings.check(section) },
        ]
    }

    private static var quantizationKey: RecipeKey<Self> {
        let key = "quantization_aware"
        return RecipeKey { section, settings in
            guard let names = section.strings(key) else { return }
            settings.quantizations = names.compactMap(VectorQuantization.init)
            if settings.quantizations.count < names.count {
                let all = VectorQuantization.allCases.map(\.rawValue).joined(separator: ", ")
                section.add(key, "must be a list of some of \(all)")
            }
        } write: { settings in
            let names = settings.quantizations.map(\.rawValue)
            return [(key, names.isEmpty ? nil : .list(names))]
        }
    }

    private func check(_ section: Section) {
        let sizes = matryoshkaDimensions
        if !zip(sizes, sizes.dropFirst()).allSatisfy({ $0 < $1 }) {
            section.add("matryoshka_dimensions", "is \(sizes), must be ascending")
        }
        if !matryoshkaWeights.isEmpty, matryoshkaWeights.count != sizes.count {
            section.add(
                "matryoshka_weights", "must have one weight a size of matryoshka_dimensions")
        }
        if Set(quantizations).count < quantizations.count {
            section.add("quantization_aware", "names one twice")
        }
        if !quantizationWeights.isEmpty, quantizationWeights.count != quantizations.count {
            section.add(
                "quantization_weights", "must have one weight an entry of quantization_aware")
        }
    }
}

extension RecipeKey {
    /// A list of numbers, all of which `accept` must return; empty if absent.
    fileprivate static func numbers<Number: CustomStringConvertible>(
        _ key: String, _ path: WritableKeyPath<Owner, [Number]>, _ kind: String,
        _ accept: @escaping ([Double]) -> [Number]
    ) -> RecipeKey {
        RecipeKey { section, owner in
            guard let texts = section.strings(key) else { return }
            let accepted = accept(texts.map { Double($0) ?? .nan })
            if accepted.count == texts.count {
                owner[keyPath: path] = accepted
            } else {
                section.add(key, "must be a list of \(kind)")
            }
        } write: {
            [(key, $0[keyPath: path].isEmpty ? nil : .list($0[keyPath: path]))]
        }
    }

    /// A list of numbers of at least 0.
    fileprivate static func weights(
        _ key: String, _ path: WritableKeyPath<Owner, [Double]>
    ) -> RecipeKey {
        .numbers(key, path, "numbers of at least 0") { $0.filter { $0 >= 0 && $0.isFinite } }
    }
}
