// `lora`, and the keys of `optimizer` for parameter groups and weight averaging.

import Foundation
import MoCaSettings
import NN
import Torch

extension Section {
    /// Reads a list of regular expressions; empty if absent.
    func patterns(_ key: String) -> [KeyPattern] {
        (strings(key) ?? []).compactMap { text in
            if let pattern = KeyPattern(text) { return pattern }
            add(key, "has '\(text)', which is no regular expression")
            return nil
        }
    }
}

extension Recipe {
    static var loraKey: RecipeKey<Recipe> {
        RecipeKey { root, recipe in
            guard root.has("lora") else { return }
            let section = root.section("lora")
            var settings = AdapterSettings(targets: .suffixes([]))
            settings.read(section)
            recipe.lora = settings
            if recipe.adapter != nil { root.add("lora", "and model.adapter exclude each other") }
            if case .initialize = recipe.model {
                root.add("lora", "needs model.path: an adapter belongs to a model that is there")
            }
        } write: { recipe in
            [("lora", recipe.lora.map { .keys($0.keysAndNodes) })]
        }
    }

    /// Checks for settings that cannot be combined.
    static var parametersCheck: RecipeKey<Recipe> {
        .check { root, recipe in
            if recipe.runtime.dtype == .float16, !recipe.runtime.usesMasterWeights {
                root.add("runtime.master_weights", "is false, which runtime.dtype float16 excludes")
            }
        }
    }
}

extension AdapterSettings: RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] {
        [
            .integer("rank", \.rank, in: 1...65_536, isRequired: true),
            .number("alpha", \.alpha, .positive, isRequired: true), dropoutKey,
            targetsKey, .bool("use_dora", \.usesMagnitude), .choice("init", \.initialization),
        ]
    }

    private static var dropoutKey: RecipeKey<Self> {
        RecipeKey { section, settings in
            settings.dropout = section.number("dropout", .fraction, default: 0)
            if settings.dropout == 1 { section.add("dropout", "is 1, must be below 1") }
        } write: {
            [("dropout", .value($0.dropout))]
        }
    }

    private static var targetsKey: RecipeKey<Self> {
        let key = "target_modules"
        return RecipeKey { section, settings in
            guard section.has(key) else {
                section.add(key, "is missing, must be a list of names or a regular expression")
                return
            }
            if section.isList(key) {
                settings.targets = .suffixes(section.strings(key) ?? [])
            } else if let text = section.optionalString(key) {
                guard let pattern = KeyPattern(text) else {
                    section.add(key, "is '\(text)', which is no regular expression")
                    return
                }
                settings.targets = .pattern(pattern)
            }
        } write: { settings in
            switch settings.targets {
            case .suffixes(let list): [(key, .list(list))]
            case .pattern(let pattern): [(key, .value(pattern.text))]
            }
        }
    }
}

extension Recipe.Optimizer {
    static var averageDecay: RecipeKey<Self> {
        RecipeKey { section, optimizer in
            guard section.has("ema_decay") else { return }
            let decay = section.number("ema_decay", .fraction)
            if decay == 1 { section.add("ema_decay", "is 1, must be below 1") }
            optimizer.adamW.averageDecay = decay
        } write: {
            [("ema_decay", $0.adamW.averageDecay.map { .value($0) })]
        }
    }

    static var groupsKey: RecipeKey<Self> {
        RecipeKey { section, optimizer in
            optimizer.adamW.groups = section.sections("groups").compactMap { group in
                guard let text = group.optionalString("match") else {
                    group.add("match", "is missing, must be a regular expression")
                    return nil
                }
                let scale = group.number("learning_rate_scale", .notNegative, default: 1)
                let decay =
                    group.has("weight_decay") ? group.number("weight_decay", .notNegative) : nil
                guard let pattern = KeyPattern(text) else {
                    group.add("match", "is '\(text)', which is no regular expression")
                    return nil
                }
                return AdamW.Group(
                    match: pattern, learningRateScale: scale, weightDecay: decay)
            }
        } write: { optimizer in
            let groups = optimizer.adamW.groups.map { group in
                JSON.keys([
                    ("match", .value(group.match.text)),
                    ("learning_rate_scale", .value(group.learningRateScale)),
                    ("weight_decay", group.weightDecay.map { .value($0) }),
                ])
            }
            return [
                ("groups", groups.isEmpty ? nil : .array(groups))
            ]
        }
    }
}
