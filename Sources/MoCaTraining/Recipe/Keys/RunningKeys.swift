// `schedule`, `checkpoint` and `evaluation`.

import Foundation
import MoCaRunLog
import MoCaSettings
import NN

extension Recipe.Schedule {
    static func keys(_ stage: Recipe.Stage) -> [RecipeKey<Self>] {
        [
            .choice("kind", \.kind), length(stage),
            .number("warmup_ratio", \.warmupRatio, .fraction),
            .integer("warmup_steps", \.warmupSteps, in: 0...recipeSizeMax),
            .check { section, schedule in
                if schedule.warmupSteps != nil, section.has("warmup_ratio"),
                    schedule.warmupRatio != 0
                {
                    section.add("warmup_steps", "must not be given together with warmup_ratio")
                }
                if schedule.epochs == nil, let steps = schedule.warmupSteps,
                    steps > schedule.totalSteps
                {
                    section.add("warmup_steps", "is \(steps), must not be above total_steps")
                }
            },
            .choice("warmup_shape", \.warmupShape),
            .number("min_learning_rate_ratio", \.minimumRatio, .fraction), decay,
        ]
    }

    /// `total_steps` or `epochs`.
    private static func length(_ stage: Recipe.Stage) -> RecipeKey<Self> {
        RecipeKey { section, schedule in
            if section.has("epochs") {
                schedule.epochs = section.number("epochs", .positive)
                if section.has("total_steps") {
                    let hint = "; take it away with schedule.epochs=null"
                    section.add(
                        "epochs",
                        "must not be given together with total_steps"
                            + (section.isFromElsewhere("total_steps", than: "epochs") ? hint : ""))
                }
                // The number of samples in a step is fixed only in fine-tuning.
                if stage == .pretrain {
                    section.add("epochs", "is of fine-tuning; give total_steps")
                }
            } else {
                schedule.totalSteps = section.integer("total_steps", in: 1...recipeSizeMax)
            }
        } write: { schedule in
            guard let epochs = schedule.epochs else {
                return [("total_steps", .value(schedule.totalSteps))]
            }
            return [("epochs", .value(epochs))]
        }
    }

    private static var decay: RecipeKey<Self> {
        RecipeKey { section, schedule in
            for key in ["decay_ratio", "decay_shape"]
            where section.has(key) && schedule.kind != .warmupStableDecay {
                section.add(key, "needs schedule.kind: warmup_stable_decay")
            }
            schedule.decayRatio = section.number(
                "decay_ratio", .fraction, default: schedule.decayRatio)
            schedule.decayShape = section.choice("decay_shape", default: schedule.decayShape)
        } write: { schedule in
            guard schedule.kind == .warmupStableDecay else { return [] }
            return [
                ("decay_ratio", .value(schedule.decayRatio)),
                ("decay_shape", .value(schedule.decayShape.rawValue)),
            ]
        }
    }
}

extension Recipe.Checkpoints: RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] {
        [
            .integer("every_steps", \.everySteps, in: 1...recipeSizeMax),
            .integer("keep", \.keep, in: 1...recipeSizeMax),
            .integer("keep_every_steps", \.keepEverySteps, in: 1...recipeSizeMax),
            .bool("asynchronous", \.isAsynchronous), best,
        ]
    }

    private static var best: RecipeKey<Self> {
        RecipeKey { section, checkpoints in
            checkpoints.bestMetric = section.optionalString("best_metric")
            if section.has("best_mode") {
                checkpoints.bestMode = section.choice("best_mode", default: Recipe.BestMode.minimum)
                if checkpoints.bestMetric == nil { section.add("best_mode", "needs best_metric") }
            }
        } write: { checkpoints in
            [
                ("best_metric", checkpoints.bestMetric.map { .value($0) }),
                ("best_mode", checkpoints.bestMode.map { .value($0.rawValue) }),
            ]
        }
    }
}

extension Recipe {
    /// The optional mapping `evaluation`.
    static var evaluationKey: RecipeKey<Recipe> {
        RecipeKey { root, recipe in
            if root.has("evaluation") {
                var evaluation = Evaluation()
                evaluation.read(root.section("evaluation"))
                recipe.evaluation = evaluation
            }
            if recipe.evaluation == nil,
                recipe.checkpoint.bestMetric?.hasPrefix(MetricsRow.scorePrefix) == true
            {
                root.add("checkpoint.best_metric", "is a score, which needs evaluation")
            }
        } write: {
            [("evaluation", $0.evaluation.map { .keys($0.keysAndNodes) })]
        }
    }
}

extension Recipe.Evaluation: RecipeMapping {
    static var recipeKeys: [RecipeKey<Self>] {
        [
            .integer("every_steps", \.everySteps, in: 1...recipeSizeMax), benchmark, subsets,
            .url("images", \.images),
            .bool("nano", \.isNano),
            .integer("max_queries", \.queryCountMax, in: 1...recipeSizeMax),
        ]
    }

    private static var benchmark: RecipeKey<Self> {
        RecipeKey { section, evaluation in
            let kinds: [(String, (URL) -> Recipe.Benchmark)] = [
                ("mmeb", Recipe.Benchmark.mmeb), ("vidore", Recipe.Benchmark.vidore),
                ("retrieval", Recipe.Benchmark.retrieval),
            ]
            let found = kinds.compactMap { name, kind in section.optionalURL(name).map(kind) }
            guard found.count == 1 else {
                return section.add(
                    "mmeb", "or vidore or retrieval must name a folder, one of the three")
            }
            evaluation.benchmark = found[0]
        } write: { evaluation in
            switch evaluation.benchmark {
            case .mmeb(let folder): [("mmeb", .value(folder.path))]
            case .vidore(let folder): [("vidore", .value(folder.path))]
            case .retrieval(let folder): [("retrieval", .value(folder.path))]
            }
        }
    }

    private static var subsets: RecipeKey<Self> {
        RecipeKey { section, evaluation in
            evaluation.subsets = section.strings("subsets") ?? []
        } write: { evaluation in
            [("subsets", evaluation.subsets.isEmpty ? nil : .list(evaluation.subsets))]
        }
    }
}
