// A run folder: its logs and the recipe of the training.

package import Foundation
package import MoCaRunLog
package import MoCaTraining

/// A run: its metrics and its other logs.
package struct RunFolder: Sendable {
    /// A key of the resolved recipe, such as `optimizer.learning_rate`, and its value.
    package struct Setting: Sendable, Hashable {
        /// The path of the key.
        package var key: String
        /// The value as text.
        package var value: String

        /// Creates a setting.
        package init(_ key: String, _ value: String) {
            self.key = key
            self.value = value
        }
    }

    /// The folder's name, as shown in legends.
    package var name: String
    /// The folder's URL.
    package let folder: URL
    /// The stage of training.
    package let stage: Recipe.Stage
    /// The logged steps.
    package let metrics: RunMetrics
    /// The events outside ordinary steps.
    package let events: [RunEvent]
    /// The health of the embeddings.
    package let health: [HealthRow]
    /// The reconstructed images.
    package let reconstructions: [ReconstructionRow]
    /// The keys of the resolved recipe; empty if it is unknown.
    package var settings: [Setting] = []

    /// Reads the logs of a folder; all except `metrics.jsonl` may be missing.
    ///
    /// - Parameter stage: the stage of the recipe; nil derives it from the loss terms in
    ///   `metrics.jsonl`.
    /// - Throws: `RunLogError`.
    package init(_ folder: URL, stage: Recipe.Stage? = nil) throws {
        func file(_ name: String) -> URL { folder.appending(path: name) }
        self.folder = folder
        name = folder.standardizedFileURL.lastPathComponent
        metrics = RunMetrics(try RunLogFile.rows(in: file(MetricsRow.fileName)))
        let isPretraining = metrics.rows.contains { $0.terms["mlm_loss"] != nil }
        self.stage = stage ?? (isPretraining ? .pretrain : .finetune)
        events = try RunLogFile.rowsIfPresent(in: file(RunEvent.fileName))
        health = try RunLogFile.rowsIfPresent(in: file(HealthRow.fileName))
        reconstructions = try RunLogFile.rowsIfPresent(in: file(ReconstructionRow.fileName))
    }

    /// The value of a recipe key, such as `schedule.total_steps`.
    package func setting(_ key: String) -> String? { settings.first { $0.key == key }?.value }

    /// The largest number of documents that a query is compared with in fine-tuning; nil in
    /// pre-training.
    var candidateCount: Double? {
        func number(_ key: String) -> Double? { setting(key).flatMap { Double($0) } }
        guard stage == .finetune, let size = number("batch.size") else { return nil }
        let queries = size / (number("batch.accumulation") ?? 1)
        let negatives = number("objective.hard_negatives") ?? 0
        let isShared = setting("objective.hard_negative_scope") == "batch"
        return queries + negatives * (isShared ? queries : 1)
    }

    /// The finite values of a figure, in the order of steps.
    func points(_ value: (MetricsRow) -> Double?) -> [Curve.Point] {
        metrics.rows.compactMap { row in
            guard let value = value(row), value.isFinite else { return nil }
            return Curve.Point(step: row.step, value: value)
        }
    }

    /// The mean of the last tenth of the logged losses.
    var endLoss: Double? {
        let points = points(\.loss)
        return Self.mean(points.suffix(max(1, points.count / 10)))
    }

    /// The mean of the values; nil if `points` is empty.
    static func mean(_ points: some Collection<Curve.Point>) -> Double? {
        points.isEmpty ? nil : points.reduce(0) { $0 + $1.value } / Double(points.count)
    }

    /// The last logged step.
    var lastStep: Int { metrics.rows.last?.step ?? 0 }
}
