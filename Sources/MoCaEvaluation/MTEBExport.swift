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
        try Self.write(ModelMeta(self), to: results.appending(path: "model_meta.json"))
        for case (let set, .retrieval(let score)) in scores.sets {
            let task = suite.aliases[set] ?? set
            let metric = suite.groups.first { $0.sets.contains(task) }?.metric ?? suite.metric
            let result = TaskResult(
                dataset_revision: scores.data[set] ?? "unknown", task_name: task,
                scores: ["test": Self.entries(score, metric)],
                evaluation_time: seconds[set] ?? 0)
            try Self.write(result, to: results.appending(path: "\(task).json"))
        }
        return results
    }

    /// An entry a language; one where the set says none.
    private static func entries(_ score: RetrievalScore, _ metric: String) -> [Entry] {
        guard !score.byLanguage.isEmpty else { return [Entry(score, metric, subset: "default")] }
        return score.byLanguage.sorted { $0.key < $1.key }.map { language, score in
            Entry(score, metric, subset: language)
        }
    }

    private static func write(_ value: some Encodable, to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        do {
            try encoder.encode(value).write(to: file, options: .atomic)
        } catch {
            throw EvaluationError.cannotWrite(file: file.path, reason: error.localizedDescription)
        }
    }

    // MARK: The files

    private struct TaskResult: Encodable {
        let dataset_revision: String
        let task_name: String
        /// mteb did not compute these.
        let mteb_version: String? = nil
        let scores: [String: [Entry]]
        let evaluation_time: Double
        let kg_co2_emissions: Double? = nil

        private enum CodingKeys: String, CodingKey {
            case dataset_revision, task_name, mteb_version, scores, evaluation_time
            case kg_co2_emissions
        }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(dataset_revision, forKey: .dataset_revision)
            try values.encode(task_name, forKey: .task_name)
            // Absent keys would make mteb read an old format.
            try values.encode(mteb_version, forKey: .mteb_version)
            try values.encode(scores, forKey: .scores)
            try values.encode(evaluation_time, forKey: .evaluation_time)
            try values.encode(kg_co2_emissions, forKey: .kg_co2_emissions)
        }
    }

    private struct Entry: Encodable {
        private let measures: [String: Double]
        private let subset: String
        private let language: String?

        init(_ score: RetrievalScore, _ metric: String, subset: String) {
            measures = score.metrics.named.merging(
                ["main_score": score.metrics.named[metric] ?? 0]) { $1 }
            (self.subset, language) = (subset, Self.languages[subset.lowercased()])
        }

        /// How sets name languages -> ISO 639-3 and script, as mteb does.
        private static let languages = [
            "english": "eng-Latn", "french": "fra-Latn", "german": "deu-Latn",
            "spanish": "spa-Latn", "italian": "ita-Latn", "portuguese": "por-Latn",
            "en": "eng-Latn", "fr": "fra-Latn", "de": "deu-Latn", "es": "spa-Latn",
            "it": "ita-Latn", "pt": "por-Latn",
        ]

        private struct Key: CodingKey {
            let stringValue: String
            let intValue: Int? = nil
            init(_ name: String) { stringValue = name }
            init?(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { return nil }
        }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: Key.self)
            for (name, value) in measures { try values.encode(value, forKey: Key(name)) }
            try values.encode(subset, forKey: Key("hf_subset"))
            try values.encode([language].compactMap { $0 }, forKey: Key("languages"))
        }
    }

    private struct ModelMeta: Encodable {
        let name: String
        let revision: String
        let n_parameters: Int
        let embed_dim: Int
        let framework = ["safetensors"]
        let similarity_fn_name = "cosine"
        let modalities = ["image", "text"]

        private enum CodingKeys: String, CodingKey {
            case name, revision, n_parameters, embed_dim, framework, similarity_fn_name, modalities
            case loader, release_date, languages, memory_usage_mb, max_tokens, license
            case open_weights, public_training_code, public_training_data, use_instructions
            case training_datasets
        }

        init(_ export: MTEBExport) {
            (name, revision) = (export.model, export.revision)
            (n_parameters, embed_dim) = (export.parameterCount, export.vectorLength)
        }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(name, forKey: .name)
            try values.encode(revision, forKey: .revision)
            try values.encode(n_parameters, forKey: .n_parameters)
            try values.encode(embed_dim, forKey: .embed_dim)
            try values.encode(framework, forKey: .framework)
            try values.encode(similarity_fn_name, forKey: .similarity_fn_name)
            try values.encode(modalities, forKey: .modalities)
            // Required by mteb, and not known here.
            let unknown: [CodingKeys] = [
                .loader, .release_date, .languages, .memory_usage_mb, .max_tokens, .license,
                .open_weights, .public_training_code, .public_training_data, .use_instructions,
                .training_datasets,
            ]
            for key in unknown { try values.encodeNil(forKey: key) }
        }
    }
}
