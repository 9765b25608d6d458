import MoCaCore
import Testing

@testable import MoCaTraining

@Suite struct TrainingErrorTests {
    @Test(arguments: Self.table)
    func text(error: TrainingError, status: Int32, line: String) {
        #expect(error.oneLine == line)
        #expect(error.kind.rawValue == status)
    }

    static let table: [(TrainingError, Int32, String)] = [
        (
            .noPretrainingHeads(model: "m"), 78,
            "model cannot reconstruct (m): it has no heads of pre-training; take a model that "
                + "was pre-trained with them"
        ),
        (
            .otherProcessFailed(step: 3), 69,
            "run was interrupted (step 3): another process of it ended with an error; correct what "
                + "the other process reports, and run it again"
        ),
        (
            .badRecipe(
                file: "r.yaml",
                problems: [
                    SettingsProblem("seed", "is 'x'"), SettingsProblem("modle", "is unknown"),
                ]),
            78,
            "recipe cannot be used (r.yaml): seed is 'x'; modle is unknown; correct the keys that "
                + "are named"
        ),
        (
            .unreadableRecipe(file: "r.yaml", reason: "no such file"), 78,
            "recipe cannot be read (r.yaml): no such file; give a YAML file"
        ),
        (
            .badOverride(argument: "seed", reason: "it is not KEY.PATH=VALUE"), 78,
            "override cannot be used (seed): it is not KEY.PATH=VALUE; write it as "
                + "schedule.total_steps=100"
        ),
        (
            .deviceUnavailable(name: "cuda"), 69,
            "device is not available (cuda): libtorch does not find it; set runtime.device to cpu "
                + "or auto"
        ),
        (
            .missingRecipe(file: "r.yaml"), 66,
            "recipe is missing (r.yaml): there is no such file; check the path of the recipe"
        ),
        (
            .missingFile(path: "m/config.json"), 66,
            "file is missing (m/config.json): the model needs it; give a folder in Hugging Face "
                + "layout"
        ),
        (
            .unreadableFile(path: "f", reason: "denied"), 74,
            "file cannot be read (f): denied; check the file and its permissions"
        ),
        (
            .badCheckpoint(path: "c", reason: "its state cannot be read"), 65,
            "checkpoint cannot be used (c): its state cannot be read; resume from another "
                + "checkpoint, or start anew with resume=never"
        ),
        (
            .otherStage(file: "r.yaml", stage: .pretrain), 78,
            "recipe is of another stage (r.yaml): it is one of pretrain; train it in the stage "
                + "pretrain"
        ),
        (
            .outOfMemory(isLoading: false, reason: "matmul", remedies: ["a", "b"]), 69,
            "out of memory (training): matmul; try a; b"
        ),
        (
            .outOfMemory(isLoading: true, reason: "to", remedies: ["a"]), 69,
            "out of memory (loading): to; try a"
        ),
        (
            .recipeChanged(checkpoint: "c", changes: ["seed: 1 -> 2"]), 78,
            "run cannot go on (c): the recipe is not the one that it was started with (seed: 1 -> "
                + "2); restore "
                + "recipe.yaml of the run folder, name the checkpoint with resume=DIR to go on all "
                + "the same, or start anew with resume=never"
        ),
        (
            .tokenizerTooLarge(tokens: 9, rows: 8), 65,
            "tokenizer does not fit the model (9 tokens): the embedding has 8 rows; use the "
                + "tokenizer.json that belongs to the model"
        ),
        (
            .doesNotFit(
                what: "memory", needed: 20_000_000_000, available: 8_000_000_000,
                remedies: ["runtime.recompute: true", "checkpoint.asynchronous: false"]),
            78,
            "run does not fit (memory): it needs 20.00 GB, and there are 8.00 GB; try "
                + "runtime.recompute: true; checkpoint.asynchronous: false"
        ),
        (
            .badSample(name: "A#7", reason: "input has no tokens"), 65,
            "sample cannot be used (A#7): input has no tokens; correct the record, or take it out"
        ),
        (
            .notFinite(
                step: 3, loss: .infinity, gradientNorm: 1, records: ["A#1", "A#2"],
                saved: .folder("n")),
            65,
            "training stopped (step 3): loss inf and gradient norm 1.0 are not both finite; the "
                + "batch and the weights are in n; its records are A#1, A#2; replay it; "
                + "lower the learning rate or clip harder, or pass over such steps with "
                + "runtime.on_not_finite=skip"
        ),
        (
            .notFinite(
                step: 3, loss: .infinity, gradientNorm: 1, records: ["A#1"],
                saved: .failed(reason: "the disk is full")), 65,
            "training stopped (step 3): loss inf and gradient norm 1.0 are not both finite; the "
                + "batch and the weights could not be kept, for the disk is full; its records are "
                + "A#1; make room for it; lower the learning rate or clip harder, or pass over "
                + "such steps with runtime.on_not_finite=skip"
        ),
        (
            .notFinite(
                step: 3, loss: .infinity, gradientNorm: 1, records: ["A#1"], saved: .nothing), 65,
            "training stopped (step 3): loss inf and gradient norm 1.0 are not both finite; the "
                + "batch and the weights are not kept; its records are A#1; lower the learning "
                + "rate or clip harder, or pass over such steps with runtime.on_not_finite=skip"
        ),
        (
            .interrupted(step: 3, checkpoint: "c"), 75,
            "run was interrupted (step 3): it was saved as c; run the same command again to go on"
        ),
        (
            .interrupted(step: 3, checkpoint: "c", isRepeatable: false), 75,
            "run was interrupted (step 3): it was saved as c; run the same command with "
                + "resume=auto to go on"
        ),
        (
            .folderInUse(path: "o"), 73,
            "run folder is in use (o): another process is training in it; wait until it has ended, "
                + "or give another output_dir"
        ),
        (
            .interrupted(step: nil, checkpoint: nil), 75,
            "run was interrupted (while loading): there was nothing to save; run the same command "
                + "again to go on"
        ),
        (
            .unknownMetric(name: "eval/A", known: ["loss", "grad_norm"]), 78,
            "best checkpoint cannot be chosen (eval/A): the run has no such metric, but loss, "
                + "grad_norm; set checkpoint.best_metric to one of these"
        ),
        (
            .cannotWrite(path: "o", reason: "no space"), 73,
            "file cannot be written (o): no space; check the disk's space and the folder's "
                + "permissions"
        ),
    ]

    @Test func longListsAreCut() {
        let error = TrainingError.notFinite(
            step: 1, loss: 1, gradientNorm: .infinity, records: (0..<10).map { "A#\($0)" },
            saved: .folder("n"))
        #expect(error.oneLine.contains("A#7 and 2 more"))
    }
}
