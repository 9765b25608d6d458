// A tiny model, real samples, and recipes for both.

import Foundation
import MoCaModel
import MoCaRunLog
import MoCaTestSupport

@testable import MoCaTraining

enum TrainingFixtures {
    /// Whether what takes many minutes is tried as well.
    static let isLong = ProcessInfo.processInfo.environment["MOCA_LONG_TESTS"] != nil
    static let golden = Repository.fixtures.appending(path: "model")
    /// Width 32, patches of 4 x 4 pixels.
    static let checkpoint = golden.appending(path: "checkpoint")
    static let data = Repository.exampleData
    static let images = Repository.exampleImages
    /// One picture as a file.
    static let picture = Repository.fixtures.appending(path: "data/images/emoji_noto/1F301.jpg")

    /// A recipe of few small steps.
    static func text(_ stage: Recipe.Stage, output: URL, steps: Int = 8) -> String {
        let isPretraining = stage == .pretrain
        return """
            seed: 7
            output_dir: \(output.path)
            model: {path: \(checkpoint.path)}
            data:
              folders: \(isPretraining ? pretrainingFolders : contrastiveFolders)
              images: \(images.path)
              weights: \(isPretraining ? "{captions: 2, text: 1}" : "{OpenClipart_t2i: 1, WordNet_def2word: 1}")
              min_pixels: 256
              max_pixels: 1024
              max_length: 48
            objective: \(isPretraining ? pretraining : contrastive)
            batch: \(isPretraining ? "{tokens: 600, accumulation: 2}" : "{size: 8, accumulation: 2}")
            optimizer: {learning_rate: 1.0e-3, weight_decay: 0.01}
            schedule: {total_steps: \(steps), warmup_ratio: 0.25}
            checkpoint: {every_steps: 3, keep: 2}
            logging: {every_steps: 2}
            runtime: {device: cpu, dtype: float32, threads: 1}
            """
    }

    private static let pretraining = "{mlm_ratio: 0.4, mae_ratio: 0.5, mae_weight: 0.5}"
    private static let contrastive =
        "{temperature: 0.05, hard_negatives: 1, hard_negative_scope: batch}"
    private static var pretrainingFolders: String {
        "[\(data.path)/cpt/captions, \(data.path)/cpt/text]"
    }
    private static var contrastiveFolders: String {
        "[\(data.path)/mmeb-train/OpenClipart_t2i, \(data.path)/mmeb-train/WordNet_def2word]"
    }

    static func recipe(
        _ stage: Recipe.Stage, output: URL, steps: Int = 8, _ overrides: [String] = []
    ) throws -> Recipe {
        try Recipe(
            parsing: text(stage, output: output, steps: steps),
            file: output.appending(path: "test.yaml"), stage: stage, overrides: overrides,
            workingFolder: output)
    }

    /// The lines of `metrics.jsonl` without timings.
    static func metrics(_ folder: URL) throws -> [String] {
        let text = try String(contentsOf: folder.appending(path: "metrics.jsonl"), encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            var row =
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            for key in MetricsRow.timings { row[key] = nil }
            return String(
                decoding: try JSONSerialization.data(withJSONObject: row, options: .sortedKeys),
                as: UTF8.self)
        }
    }
}
