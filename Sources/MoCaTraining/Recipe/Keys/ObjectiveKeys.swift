// `objective`: what is learnt. Every place where the MoCa paper and its released code differ is a
// key here or in the other mappings.

import Foundation
import MoCaModel
import MoCaObjectives
import Yams

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
    mutating func read(_ section: RecipeSection) {
        switch self {
        case .reconstruction(var settings):
            settings.read(section)
            self = .reconstruction(settings)
        case .contrastive(var settings):
            settings.read(section)
            self = .contrastive(settings)
        }
    }

    var node: Node {
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
            .number("mlm_ratio", \.mlmRatio, .share, isRequired: true),
            .number("mae_ratio", \.maeRatio, .share, isRequired: true),
            .choice("patch_noise", \.noise),
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
        ]
    }
}

extension ContrastiveObjective.Settings: RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] {
        [
            .number("temperature", \.temperature, .positive, isRequired: true),
            .choice("hard_negative_scope", \.hardNegativeScope),
            .bool("mask_repeated_positives", \.masksRepeatedPositives),
        ]
    }
}
