import MoCaCore
import Foundation
import NN
import Testing

@testable import MoCaTraining

/// Keys of saving, scoring and schedules.
@Suite struct RunningRecipeTests {
    private func parse(_ overrides: [String]) throws -> Recipe {
        try TrainingFixtures.recipe(
            .finetune, output: URL(filePath: "/runs/a", directoryHint: .isDirectory),
            ["schedule={total_steps: 100}", "checkpoint={}"] + overrides)
    }

    private func problems(_ overrides: [String]) throws -> [String] {
        do {
            _ = try parse(overrides)
            return []
        } catch TrainingError.badRecipe(_, let problems) {
            return problems.map(\.description)
        }
    }

    private func parseAgain(_ recipe: Recipe) throws -> Recipe {
        try Recipe(
            parsing: recipe.yaml(), file: URL(filePath: "/other/x.yaml"), stage: .finetune,
            workingFolder: URL(filePath: "/other"))
    }

    @Test func keysReadAndReadBack() throws {
        let recipe = try parse([
            "schedule={kind: warmup_stable_decay, total_steps: 100, warmup_steps: 7, "
                + "decay_ratio: 0.25, decay_shape: sqrt, min_learning_rate_ratio: 0.1}",
            "checkpoint={keep: 3, keep_every_steps: 50, asynchronous: false, "
                + "best_metric: eval/A/precision_at_1, best_mode: min}",
            "evaluation={every_steps: 20, mmeb: sets, subsets: [A, B], images: pictures, "
                + "nano: true, max_queries: 9}",
            "runtime.on_not_finite=skip", "runtime.not_finite_budget=4",
        ])
        let schedule = recipe.learningRateSchedule
        #expect(schedule.kind == .warmupStableDecay)
        #expect((schedule.warmupSteps, schedule.minimumRatio) == (7, 0.1))
        #expect(schedule.decay == .init(steps: 25, shape: .sqrt))
        #expect((recipe.checkpoint.keep, recipe.checkpoint.keepEverySteps) == (3, 50))
        #expect(!recipe.checkpoint.isAsynchronous)
        #expect(recipe.checkpoint.resolvedBestMode == .minimum)
        let evaluation = try #require(recipe.evaluation)
        #expect(evaluation.benchmark == .mmeb(URL(fileURLWithPath: "/runs/a/sets")))
        #expect((evaluation.subsets, evaluation.queryCountMax) == (["A", "B"], 9))
        #expect(evaluation.isNano)
        #expect(evaluation.images?.path == "/runs/a/pictures")
        #expect((recipe.runtime.onNotFinite, recipe.runtime.notFiniteBudget) == (.skip, 4))
        #expect(try parseAgain(recipe) == recipe)
        let other = try parse(["evaluation={retrieval: sets}"])
        #expect(other.evaluation?.benchmark == .retrieval(URL(fileURLWithPath: "/runs/a/sets")))
        #expect(try parseAgain(other) == other)
    }

    @Test func defaults() throws {
        let recipe = try parse([])
        #expect(recipe.checkpoint == Recipe.Checkpoints())
        #expect(recipe.checkpoint.isAsynchronous)
        #expect(recipe.evaluation == nil)
        #expect(recipe.runtime.onNotFinite == .stop)
        #expect(recipe.learningRateSchedule.minimumRatio == 0)
        #expect(try parseAgain(recipe) == recipe)
        #expect(try parse(["checkpoint.best_metric=loss"]).checkpoint.resolvedBestMode == .minimum)
    }

    @Test(arguments: [
        (
            ["schedule={total_steps: 5, warmup_ratio: 0.1, warmup_steps: 2}"],
            "schedule.warmup_steps must not be given together with warmup_ratio"
        ),
        (
            ["schedule={total_steps: 5, warmup_steps: 6}"],
            "schedule.warmup_steps is 6, must not be above total_steps"
        ),
        (
            ["schedule={total_steps: 5, decay_ratio: 0.1}"],
            "schedule.decay_ratio needs schedule.kind: warmup_stable_decay"
        ),
        (["checkpoint={best_mode: max}"], "checkpoint.best_mode needs best_metric"),
        (
            ["checkpoint={best_metric: eval/A/x}"],
            "checkpoint.best_metric is a score, which needs evaluation"
        ),
        (
            ["evaluation={every_steps: 5}"],
            "evaluation.mmeb or vidore or retrieval must name a folder, one of the three"
        ),
        (["runtime.on_not_finite=go"], "runtime.on_not_finite is 'go', must be one of stop, skip"),
        (
            ["runtime.master_weights=false", "runtime.float32_gradients=true"],
            "runtime.float32_gradients is true, which needs master_weights: true"
        ),
    ])
    func whatDoesNotFitIsNamed(overrides: [String], problem: String) throws {
        #expect(try problems(overrides) == [problem])
    }

    /// A run of 16-bit weights says how gradients are summed; others go on under the text they had.
    @Test func howGradientsAreSummedHasAName() throws {
        let key = "float32_gradients: "
        let narrow = ["runtime.dtype=bfloat16"]
        #expect(try parse(narrow).decisiveText().contains(key + "true"))
        #expect(
            try parse(narrow + ["runtime.float32_gradients=false"]).decisiveText()
                .contains(key + "false"))
        #expect(try !parse([]).decisiveText().contains(key))
        #expect(try !parse(["runtime.dtype=auto"]).decisiveText().contains(key))
        #expect(
            try parse(["runtime={device: cuda, dtype: auto}"]).decisiveText()
                .contains(key + "true"))
        let unmastered = try parse(narrow + ["runtime.master_weights=false"])
        #expect(try !unmastered.decisiveText().contains(key))
        for recipe in [try parse(narrow), unmastered] { #expect(try parseAgain(recipe) == recipe) }
    }

    @Test func moreEpochsThanStepsAreNamed() throws {
        let recipe = try parse(["schedule={epochs: 1.0e+300}"])
        #expect {
            try recipe.resolvingEpochs()
        } throws: { error in
            guard case .badRecipe(_, let problems) = error as? TrainingError else { return false }
            return problems.map(\.keyPath) == ["schedule.epochs"]
        }
    }

    /// What may change when a run goes on: how it is saved, scored and forgiven.
    @Test func savingAndScoringDoNotDecideTheNumbers() throws {
        let plain = try parse([]).decisiveText()
        #expect(
            try parse([
                "checkpoint.keep=9", "evaluation={mmeb: sets}", "runtime.on_not_finite=skip",
            ]).decisiveText() == plain)
        #expect(try parse(["schedule.min_learning_rate_ratio=0.1"]).decisiveText() != plain)
    }
}
