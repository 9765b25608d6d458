// The top-level keys of a recipe, and those of its smaller mappings.

import Foundation
import MoCaSettings
import NN
import Torch

/// The upper limit of sizes in a recipe; products of two stay far below integer overflow.
let recipeSizeMax = 1 << 30

extension Recipe {
    mutating func read(_ section: Section) {
        for key in Self.keys(stage) { key.read(section, &self) }
    }

    /// The recipe as YAML.
    var node: JSON { .keys(Self.keys(stage).flatMap { $0.write(self) }) }

    private static func keys(_ stage: Stage) -> [RecipeKey<Recipe>] {
        [
            seedKey("seed", \.seed), .url("output_dir", \.outputFolder), resumeKey, modelKey,
            loraKey, .section("data", \.data, DataSettings.keys(stage)), objectiveKey,
            .section("batch", \.batch, Batch.keys(stage)), .section("optimizer", \.optimizer),
            .section("schedule", \.schedule, Schedule.keys(stage)),
            .section("checkpoint", \.checkpoint),
            evaluationKey, .section("logging", \.logging, Logging.keys(stage)),
            .section("runtime", \.runtime), parametersCheck,
        ]
    }

    static func seedKey<Owner>(
        _ key: String, _ path: WritableKeyPath<Owner, UInt64>
    ) -> RecipeKey<Owner> {
        RecipeKey { section, owner in
            let fallback = Int(truncatingIfNeeded: owner[keyPath: path])
            owner[keyPath: path] = UInt64(
                section.integer(key, in: 0...Int.max, default: fallback))
        } write: {
            [(key, .value($0[keyPath: path]))]
        }
    }

    private static var resumeKey: RecipeKey<Recipe> {
        RecipeKey { section, recipe in
            switch section.optionalString("resume") {
            case nil, "auto": recipe.resume = .auto
            case "never": recipe.resume = .never
            default: recipe.resume = .from(section.url("resume"))
            }
        } write: { recipe in
            switch recipe.resume {
            case .auto: [("resume", .value("auto"))]
            case .never: [("resume", .value("never"))]
            case .from(let url): [("resume", .value(url.path))]
            }
        }
    }
}

extension Recipe.Optimizer: RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] {
        [
            .number("learning_rate", \.learningRate, .positive, isRequired: true), betas,
            .number("epsilon", \.adamW.epsilon, .positive),
            .number("weight_decay", \.adamW.weightDecay, .notNegative),
            .number("max_grad_norm", \.maxGradientNorm, .positive), averageDecay, groupsKey,
        ]
    }

    private static var betas: RecipeKey<Self> {
        RecipeKey { section, optimizer in
            guard let texts = section.strings("betas") else { return }
            let betas = texts.map { Double($0) ?? .nan }
            guard betas.count == 2, betas.allSatisfy({ $0 >= 0 && $0 < 1 }) else {
                section.add("betas", "must be a list of two numbers, each at least 0 and below 1")
                return
            }
            (optimizer.adamW.beta1, optimizer.adamW.beta2) = (betas[0], betas[1])
        } write: {
            [("betas", .list([$0.adamW.beta1, $0.adamW.beta2]))]
        }
    }
}
