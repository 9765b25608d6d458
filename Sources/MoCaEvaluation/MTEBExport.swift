// Scores of retrieval sets as mteb keeps results: FOLDER/MODEL/REVISION/TASK.json beside
// model_meta.json (mteb/results/task_result.py, mteb/models/model_meta.py).

package import Foundation

/// Writes results that `mteb.results.TaskResult.from_disk` reads.
package struct MTEBExport: Sendable {
    /// The model's name; a `/` in it becomes `__` on disk, as in mteb.
    private let model: String
    /// Tells one state of the model from another.
    private let revision: String
    /// Numbers of a vector.
    private let vectorLength: Int
    private let parameterCount: Int

    package init(model: String, revision: String, vectorLength: Int, parameterCount: Int) {
        (self.model, self.revision) = (model, revision)
        (self.vectorLength, self.parameterCount) = (vectorLength, parameterCount)
    }

    /// Writes a file for each retrieval set; the names of tasks are those of `suite`.
    ///
    /// - Parameter seconds: how long each set took.
    /// - Returns: the folder of the results.
    /// - Throws: `EvaluationError.cannotWrite`.
    @discardableResult
    package func write(
        _ scores: Scores, _ suite: BenchmarkSuite, seconds: [String: Double], to folder: URL
    ) throws -> URL {
        let results =
            folder.appending(path: model.replacing("/", with: "__")).appending(path: revision)
        do {
            try FileManager.default.createDirectory(at: results, withIntermediateDirectories: true)
        } catch {
            throw EvaluationError.cannotWrite(
                file: results.path, reason: error.localizedDescription)
        }
        try Self.write(modelMeta, to: results.appending(path: "model_meta.json"))
        for case (let set, .retrieval(let score)) in scores.sets {
            let task = suite.aliases[set] ?? set
            let metric = suite.groups.first { $0.sets.contains(task) }?.metric ?? suite.metric
            let result: [String: Any] = [
                "dataset_revision": scores.data[set] ?? "unknown", "task_name": task,
                "scores": ["test": Self.entries(score, metric)],
                "evaluation_time": seconds[set] ?? 0,
                // mteb did not compute these; absent keys would make it read an old format.
                "mteb_version": NSNull(), "kg_co2_emissions": NSNull(),
            ]
            try Self.write(result, to: results.appending(path: "\(task).json"))
        }
        return results
    }

    private static func write(_ object: [String: Any], to file: URL) throws {
        do {
            try JSONSerialization.data(
                withJSONObject: object,
                options: [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            ).write(to: file, options: .atomic)
        } catch {
            throw EvaluationError.cannotWrite(file: file.path, reason: error.localizedDescription)
        }
    }

    // MARK: The files

    private var modelMeta: [String: Any] {
        var meta: [String: Any] = [
            "name": model, "revision": revision, "n_parameters": parameterCount,
            "embed_dim": vectorLength, "framework": ["safetensors"],
            "similarity_fn_name": "cosine", "modalities": ["image", "text"],
        ]
        // Required by mteb, and not known here.
        for key in [
            "loader", "release_date", "languages", "memory_usage_mb", "max_tokens", "license",
            "open_weights", "public_training_code", "public_training_data", "use_instructions",
            "training_datasets",
        ] {
            meta[key] = NSNull()
        }
        return meta
    }

    /// An entry a language; one where the set says none.
    private static func entries(_ score: RetrievalScore, _ metric: String) -> [[String: Any]] {
        guard !score.byLanguage.isEmpty else { return [entry(score, metric, subset: "default")] }
        return score.byLanguage.sorted { $0.key < $1.key }.map { language, score in
            entry(score, metric, subset: language)
        }
    }

    private static func entry(
        _ score: RetrievalScore, _ metric: String, subset: String
    ) -> [String: Any] {
        var entry: [String: Any] = score.metrics.named
        entry["main_score"] = score.metrics.named[metric] ?? 0
        entry["hf_subset"] = subset
        entry["languages"] = [languages[subset.lowercased()]].compactMap { $0 }
        return entry
    }

    /// How sets name languages -> ISO 639-3 and script, as mteb does.
    private static let languages = [
        "english": "eng-Latn", "french": "fra-Latn", "german": "deu-Latn",
        "spanish": "spa-Latn", "italian": "ita-Latn", "portuguese": "por-Latn",
        "en": "eng-Latn", "fr": "fra-Latn", "de": "deu-Latn", "es": "spa-Latn",
        "it": "ita-Latn", "pt": "por-Latn",
    ]
}
