// What a run folder says about its run.

package import Foundation

/// A run: its metrics, and what else it wrote down.
package struct RunFolder: Sendable {
    /// The two stages of training.
    package enum Stage: Sendable, Hashable, CaseIterable {
        case pretraining
        case contrastive
    }

    /// Something that happened beside ordinary steps: a line of `events.jsonl`.
    package struct Event: Sendable, Hashable, Decodable {
        package var step: Int
        package var kind: String
        package var text: String?
    }

    /// A key of the resolved recipe, such as `optimizer.learning_rate`, and its value.
    package struct Setting: Sendable, Hashable {
        package var key: String
        package var value: String

        package init(_ key: String, _ value: String) {
            (self.key, self.value) = (key, value)
        }
    }

    /// The folder's name, as legends show it.
    package var name: String
    package let folder: URL
    package let stage: Stage
    package let metrics: MetricsLog
    package let events: [Event]
    package let health: [HealthPanel]
    package let reconstructions: [ReconstructionStep]
    /// The resolved recipe; empty where it is not known.
    package var settings: [Setting] = []

    /// Reads the logs of a folder; all but `metrics.jsonl` may be missing.
    ///
    /// - Throws: `ReportError`.
    package init(_ folder: URL) throws {
        self.folder = folder
        name = folder.standardizedFileURL.lastPathComponent
        metrics = try MetricsLog(contentsOf: folder.appending(path: "metrics.jsonl"))
        let logged: Stage =
            metrics.curve("mlm_loss", as: "") == nil ? .contrastive : .pretraining
        stage = try Self.stage(ofRecipeIn: folder) ?? logged
        events = try Self.rows("events.jsonl", in: folder)
        health = try Self.rows("health.jsonl", in: folder)
        reconstructions = try Self.rows("reconstructions.jsonl", in: folder)
    }

    /// The stage that a recipe as runs write it has the objective of; nil where that is not known.
    private static func stage(ofRecipeIn folder: URL) throws -> Stage? {
        let file = folder.appending(path: "recipe.yaml")
        guard FileManager.default.fileExists(atPath: file.path) else { return nil }
        let text: String
        do {
            text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
        } catch {
            throw ReportError.unreadableMetrics(
                file: file.path, reason: error.localizedDescription)
        }
        let lines = text.split(separator: "\n").drop { !$0.hasPrefix("objective:") }
        for line in lines.dropFirst().prefix(while: { $0.hasPrefix(" ") }) {
            let line = line.drop { $0 == " " }
            if line.hasPrefix("mlm_ratio:") || line.hasPrefix("mae_ratio:") { return .pretraining }
            if line.hasPrefix("temperature:") { return .contrastive }
        }
        return nil
    }

    /// The value of a key of the recipe.
    package func setting(_ key: String) -> String? { settings.first { $0.key == key }?.value }

    /// Documents that a query of fine-tuning is compared with, at most; nil in pre-training.
    var candidateCount: Double? {
        func number(_ key: String) -> Double? { setting(key).flatMap { Double($0) } }
        guard stage == .contrastive, let size = number("batch.size") else { return nil }
        let queries = size / (number("batch.accumulation") ?? 1)
        let negatives = number("objective.hard_negatives") ?? 0
        let isShared = setting("objective.hard_negative_scope") == "batch"
        return queries + negatives * (isShared ? queries : 1)
    }

    /// The finite values of a quantity, in the order of steps.
    func points(_ key: String) -> [Curve.Point] {
        (metrics.curve(key, as: "")?.points ?? []).filter(\.value.isFinite)
    }

    /// The mean of the last tenth of the logged losses.
    var endLoss: Double? {
        let points = points("loss")
        return Self.mean(points.suffix(max(1, points.count / 10)))
    }

    /// nil without points.
    static func mean(_ points: some Collection<Curve.Point>) -> Double? {
        points.isEmpty ? nil : points.reduce(0) { $0 + $1.value } / Double(points.count)
    }

    /// The last step that was logged.
    var lastStep: Int { metrics.curve("loss", as: "")?.points.last?.step ?? 0 }

    /// The lines of a file; none where there is no such file. A last line without end, as a killed
    /// run leaves it, is left out if it cannot be read.
    private static func rows<Row: Decodable>(_ name: String, in folder: URL) throws -> [Row] {
        let file = folder.appending(path: name)
        guard FileManager.default.fileExists(atPath: file.path) else { return [] }
        let data: Data
        do {
            data = try Data(contentsOf: file)
        } catch {
            throw ReportError.unreadableMetrics(
                file: file.path, reason: error.localizedDescription)
        }
        let lines = data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var rows: [Row] = []
        for (number, line) in lines.enumerated() where !line.isEmpty {
            do {
                rows.append(try JSONDecoder().decode(Row.self, from: Data(line)))
            } catch {
                if number == lines.count - 1 { break }
                throw ReportError.invalidMetrics(
                    file: file.path, line: number + 1, reason: "it is not what a run writes")
            }
        }
        return rows
    }
}

/// How the embeddings of one task do at one step: a line of `health.jsonl`.
package struct HealthPanel: Sendable, Hashable, Decodable {
    /// Similarities in bins of one width from -1 to 1.
    package struct Similarities: Sendable, Hashable, Decodable {
        package var mean: Double
        package var bins: [Int]
    }

    /// A query and what was most similar to it beside its positive.
    package struct HardNegative: Sendable, Hashable, Decodable {
        /// The record of the query.
        package var query: String
        /// The record that the negative is from.
        package var owner: String
        /// 0 for the owner's positive, else which of its negatives, from 1.
        package var negative: Int
        package var similarity: Double
        /// The similarity of the query's positive.
        package var positive: Double
    }

    package var step: Int
    package var task: String
    package var positive: Similarities
    package var negative: Similarities
    package var hardest: [HardNegative]
    package var accuracy: Double?
    package var false_negative_rate: Double?
    package var repeated_rate: Double?
    package var alignment: Double?
    package var uniformity: Double?
    package var modality_gap: Double?
    package var query_cosine: Double?
    package var document_cosine: Double?
    package var effective_rank: Double?
}

/// A masked picture at one step: a line of `reconstructions.jsonl`.
package struct ReconstructionStep: Sendable, Hashable, Decodable {
    package var step: Int
    /// Which picture, from 1.
    package var picture: Int
    package var record: String
    /// Files in the run folder.
    package var original: String
    package var masked: String
    package var reconstructed: String
    package var mse: Double?
    package var baseline_mse: Double?
}
