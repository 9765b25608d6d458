import MoCaCore
import Foundation
import MoCaTestSupport
import Testing

@testable import MoCaTraining

/// Recipes that extend others: what each of the eight MoCa recipes is, with the keys in which they
/// differ written out.
@Suite struct ExtendedRecipeTests {
    private static let recipes = Repository.root.appending(path: "recipes")

    private static let pretrain = """
        seed: 42
        output_dir: ../runs/NAME
        resume: auto
        model: {path: ../models/Qwen2.5-VL-SIZE-Instruct}
        data:
          folders: [../data/moca-pretrain]
          images: ../data/moca-pretrain
          min_pixels: 200704
          max_pixels: 802816
          max_length: 2048
          truncation: reference
        objective:
          mlm_ratio: 0.4
          mlm_target: previous
          mae_ratio: 0.5
          mae_weight: 0.5
          patch_noise: per_patch
          normalize_patches: false
        batch: {tokens: 51200, accumulation: 4, image_token_cost: 4, image_cost: 2}
        optimizer:
          learning_rate: 2.0e-6
          betas: [0.9, 0.999]
          epsilon: 1.0e-8
          weight_decay: 0.0
          max_grad_norm: 5.0
        schedule: {kind: linear, total_steps: 20000, warmup_ratio: 0.1, warmup_shape: linear}
        checkpoint: {every_steps: 500, keep: 2}
        logging: {every_steps: 10}
        runtime: {device: auto, dtype: bfloat16, activation_checkpointing: full}
        """

    private static let finetune = """
        seed: 42
        output_dir: ../runs/NAME
        resume: auto
        model: {path: ../runs/START/model}
        data:
          folders: [../data/moca-cl]
          images: ../data/moca-cl/images
          min_pixels: 200704
          max_pixels: 802816
        objective:
          temperature: 0.03
          hard_negatives: 2
          hard_negative_scope: batch
          mask_repeated_positives: false
          task_homogeneous: true
          attention: bidirectional
          pooling: mean
        batch: {size: 2048, accumulation: 1, mini_batch_tokens: 32768}
        optimizer:
          learning_rate: 1.0e-5
          betas: [0.9, 0.999]
          epsilon: 1.0e-8
          weight_decay: 0.0
          max_grad_norm: 5.0
        schedule: {kind: linear, total_steps: 700, warmup_ratio: 0.05, warmup_shape: linear}
        checkpoint: {every_steps: 100, keep: 2}
        logging: {every_steps: 10}
        runtime: {device: auto, dtype: bfloat16, activation_checkpointing: full}
        """

    /// What a recipe changes of the text of its stage.
    private static func differences(size: String, stage: String, source: String) -> [String] {
        switch (size, stage, source) {
        case ("7b", "pretrain", "paper"): ["objective.mlm_ratio=0.6", "objective.mae_ratio=0.6"]
        case (_, "pretrain", "released-code"):
            [
                "data.mixture.cap=500000", "data.max_length=1280", "objective.mlm_target=own",
                "objective.mae_weight=0.1", "objective.patch_noise=shared",
                "batch.packing=cost_bins", "schedule.warmup_shape=log",
            ]
        case (_, "finetune", "released-code"):
            [
                "data.mixture.cap=50000", "objective.hard_negative_scope=own",
                "objective.task_homogeneous=false", "batch.size=24",
                "batch.mini_batch_tokens=null", "optimizer.learning_rate=2.0e-5",
                "schedule.total_steps=60000", "schedule.warmup_shape=log",
                "checkpoint.every_steps=500",
            ]
        default: []
        }
    }

    @Test(
        arguments: ["3b", "7b"].flatMap { size in
            ["pretrain", "finetune"].flatMap { stage in
                ["paper", "released-code"].map { [size, stage, $0] }
            }
        })
    func moCaRecipesAreWhatTheyWere(parts: [String]) throws {
        let (size, stage, source) = (parts[0], parts[1], parts[2])
        let name = "moca-\(size)-\(stage)-\(source)"
        let file = Self.recipes.appending(path: "\(name).yaml")
        let kind = try #require(Recipe.Stage(rawValue: stage))
        let text = (stage == "pretrain" ? Self.pretrain : Self.finetune)
            .replacing("NAME", with: name).replacing("SIZE", with: size.uppercased())
            .replacing("START", with: "moca-\(size)-pretrain-\(source)")
        let expected = try Recipe(
            parsing: text, file: file, stage: kind,
            overrides: Self.differences(size: size, stage: stage, source: source)
                + (size == "7b" ? ["runtime.zero_stage=1"] : []),
            workingFolder: Self.recipes)
        let found = try Recipe(reading: file, stage: kind)
        #expect(found == expected)
        #expect(try found.yaml() == expected.yaml())
        #expect(try !found.yaml().contains("extends"))
    }

    @Test func problemsNameTheFileThatIsExtended() throws {
        try withTemporaryFolder { folder in
            let base = folder.appending(path: "base.yaml")
            let file = folder.appending(path: "r.yaml")
            try Data(
                """
                model: {path: m}
                optimizer: {learning_rate: hot}
                schedule: {epochs: 1}
                """.utf8
            ).write(to: base)
            try Data(
                """
                extends: base.yaml
                output_dir: o
                data: {folders: [x]}
                objective: {temperature: 1}
                batch: {size: big}
                schedule: {total_steps: 5}
                """.utf8
            ).write(to: file)
            do {
                _ = try Recipe(reading: file, stage: .finetune)
                Issue.record("the recipe was read")
            } catch TrainingError.badRecipe(file.path, let problems) {
                let expected = [
                    "batch.size is 'big', must be an integer in 1...1073741824",
                    "optimizer.learning_rate is 'hot', must be a positive number "
                        + "(in \(base.path))",
                    "schedule.epochs must not be given together with total_steps; "
                        + "take it away with schedule.epochs=null (in \(base.path))",
                ]
                #expect(problems.map(\.description) == expected)
            }
            #expect(
                throws: TrainingError.badOverride(
                    argument: "extends=x", reason: "only a file extends another")
            ) { try Recipe(reading: file, stage: .finetune, overrides: ["extends=x"]) }
        }
    }
}
