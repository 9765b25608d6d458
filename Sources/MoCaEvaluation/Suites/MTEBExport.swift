// Exports scores of retrieval sets in mteb's layout: FOLDER/MODEL/REVISION/TASK.json beside
// model_meta.json (mteb/results/task_result.py, mteb/models/model_meta.py).

package import Foundation
package import MoCaEmbedding
import MoCaSettings
import MoCaSystem
package import MoCaVectors
import Torch

/// Writes results that `mteb.results.TaskResult.from_disk` reads.
package struct MTEBExport: Sendable {
    /// The model's name; a `/` in it becomes `__` on disk, as in mteb.
    private let model: String
    /// Identifies a state of the model.
    private let revision: String
    /// The number of components of a vector.
    private let vectorLength: Int
    private let parameterCount: Int
    /// Whether an embedding has a vector for each token.
    private let isMultiVector: Bool

    package init(
        model: String, revision: String, vectorLength: Int, parameterCount: Int,
        isMultiVector: Bool = false
    ) {
        (self.model, self.revision) = (model, revision)
        (self.vectorLength, self.parameterCount) = (vectorLength, parameterCount)
        self.isMultiVector = isMultiVector
    }

    /// Creates an export of the scores of `embedder`.
    ///
    /// - Parameter model: the identity of the embedder's model.
    package init(_ embedder: Embedder, _ model: ModelIdentity) {
        self.init(
            // mteb expects ORGANISATION/MODEL.
            model: model.repository
                ?? URL(fileURLWithPath: model.folder).pathComponents.suffix(2)
                .joined(separator: "/"),
            // The same weights have different scores in another dtype.
            revision: "\(model.fingerprint)-\(embedder.dtype.rawValue)",
            vectorLength: embedder.vectorLength, parameterCount: embedder.parameterCount,
            isMultiVector: embedder.isMultiVector)
    }

    /// Writes a file for each retrieval set; task names come from `suite`.
    ///
    /// Sets without a task in mteb keep their folder's name. mteb has no task for MMEB: its tasks
    /// on the same data rank one corpus, which is not comparable with precision among a query's own
    /// candidates.
    ///
    /// - Parameter seconds: the duration of each set.
    /// - Returns: the folder of the results.
    /// - Throws: `EvaluationError.cannotWrite`, `.measureMissing`, `.unknownLanguage`.
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
            let entries = try Self.entries(
                score, metric, set: set,
                languages: suite.englishTasks.contains(task) ? ["eng-Latn"] : [])
            let result: JSONObject = [
                "dataset_revision": .string(scores.data[set] ?? "unknown"),
                "task_name": .string(task), "scores": .object(["test": .array(entries)]),
                "evaluation_time": .number(seconds[set] ?? 0),
                // mteb did not compute these; absent keys would make it read an old format.
                "mteb_version": .null, "kg_co2_emissions": .null,
            ]
            try Self.write(result, to: results.appending(path: "\(task).json"))
        }
        return results
    }

    private static func write(_ object: JSONObject, to file: URL) throws {
        do {
            try AtomicFile.write(json: JSON.object(object), as: .indented, to: file)
        } catch {
            throw EvaluationError.cannotWrite(file: file.path, reason: error.fileReason)
        }
    }

    // MARK: The files

    private var modelMeta: JSONObject {
        var meta: JSONObject = [
            "name": .string(model), "revision": .string(revision),
            "n_parameters": .integer(parameterCount), "embed_dim": .integer(vectorLength),
            "framework": .array([.string("safetensors")]),
            // The values of mteb's ScoringFunction.
            "similarity_fn_name": .string(isMultiVector ? "MaxSim" : "cosine"),
            "modalities": .array([.string("image"), .string("text")]),
        ]
        // Required by mteb, but unknown here.
        for key in [
            "loader", "release_date", "languages", "memory_usage_mb", "max_tokens", "license",
            "open_weights", "public_training_code", "public_training_data", "use_instructions",
            "training_datasets",
        ] {
            meta[key] = .null
        }
        return meta
    }

    /// The entries, one per language; a single one if the set declares no language.
    ///
    /// - Parameter languages: the languages of a set that declares none.
    private static func entries(
        _ score: RetrievalScore, _ metric: String, set: String, languages: [String]
    ) throws -> [JSON] {
        guard !score.byLanguage.isEmpty else {
            return [try entry(score, metric, set: set, subset: "default", languages)]
        }
        return try score.byLanguage.sorted { $0.key < $1.key }.map { language, score in
            guard let code = MTEBLanguage.code(of: language) else {
                throw EvaluationError.unknownLanguage(set: set, name: language)
            }
            return try entry(score, metric, set: set, subset: language, [code])
        }
    }

    private static func entry(
        _ score: RetrievalScore, _ metric: String, set: String, subset: String,
        _ languages: [String]
    ) throws -> JSON {
        var entry = JSONObject(score.metrics.named.mapValues(JSON.number))
        guard let main = score.metrics.named[metric] else {
            throw EvaluationError.measureMissing(set: set, measure: metric)
        }
        entry["main_score"] = .number(main)
        entry["hf_subset"] = .string(subset)
        entry["languages"] = .array(languages.map(JSON.string))
        return .object(entry)
    }
}

/// Converts language names of sets to mteb's codes.
enum MTEBLanguage {
    /// Returns the ISO 639-3 code and the usual script, such as `jpn-Jpan`.
    ///
    /// - Parameter name: an English name, or a code such as `ja`, `jpn` or `zh_CN`.
    static func code(of name: String) -> String? {
        let identifier = codes[name.lowercased()] ?? name
        let language = Locale.Language(
            identifier: Locale.Language(identifier: identifier).maximalIdentifier)
        guard let three = language.languageCode?.identifier(.alpha3), let script = language.script
        else { return nil }
        return "\(three)-\(script.identifier)"
    }

    /// Two- or three-letter codes by lowercased English name.
    private static let codes: [String: String] = {
        let english = Locale(identifier: "en")
        var codes: [String: String] = [:]
        for code in Locale.LanguageCode.isoLanguageCodes {
            guard let name = english.localizedString(forLanguageCode: code.identifier) else {
                continue
            }
            // If several codes have one name, the shortest is used.
            let old = codes[name.lowercased()]
            if old.map({ $0.count > code.identifier.count }) ?? true {
                codes[name.lowercased()] = code.identifier
            }
        }
        return codes
    }()
}
