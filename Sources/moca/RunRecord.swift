// What run folders say, as curves and figures of a report.

import Foundation
import MoCaReport
import MoCaTraining

/// One run folder.
struct RunRecord {
    /// The folder's name, as the legend shows it.
    var name: String
    let metrics: MetricsLog
    let stage: Recipe.Stage
    /// nil where the folder has no `recipe.yaml`.
    let recipe: Recipe?

    /// - Throws: `ReportError`, `TrainingError`.
    init(_ folder: URL) throws {
        name = folder.standardizedFileURL.lastPathComponent
        metrics = try MetricsLog(contentsOf: folder.appending(path: "metrics.jsonl"))
        stage = metrics.curve("mlm_loss", as: "") == nil ? .contrastive : .pretraining
        let file = folder.appending(path: "recipe.yaml")
        recipe =
            FileManager.default.fileExists(atPath: file.path)
            ? try Recipe(reading: file, stage: stage) : nil
    }

    /// The last value of a quantity that is a number.
    func last(_ key: String) -> Double? {
        metrics.curve(key, as: "")?.points.last { $0.value.isFinite }?.value
    }

    private var steps: Int { metrics.curve("loss", as: "")?.points.last?.step ?? 0 }

    /// One line of what the run was.
    var setting: Summary.Setting {
        var parts = ["\(steps) steps"]
        if let recipe {
            let unit = stage == .pretraining ? "tokens" : "pairs"
            parts.append("\(recipe.batch.size) \(unit) a step")
            parts.append("learning rate \(recipe.optimizer.learningRate)")
            parts.append("seed \(recipe.seed)")
        }
        if let samples = last("samples") { parts.append("\(Message.text(samples, 0)) samples") }
        if let speed = last("samples_per_second") {
            parts.append("\(Message.text(speed, 1)) samples/s at the end")
        }
        if let memory = last("peak_memory_bytes") {
            parts.append(
                "\(Message.size(Int(clamping: Int64(min(max(memory, 0), 0x1p60))))) at most")
        }
        return Summary.Setting(name, parts.joined(separator: ", "))
    }

    /// The first loss and the mean of the last tenth of the logged ones.
    var figure: Summary.Figure? {
        let values = (metrics.curve("loss", as: "")?.points ?? []).map(\.value)
            .filter(\.isFinite)
        guard let first = values.first else { return nil }
        let tail = values.suffix(max(1, values.count / 10))
        let end = tail.reduce(0, +) / Double(tail.count)
        return Summary.Figure(
            Message.text(end), "Loss of \(name)",
            note: "from \(Message.text(first)) in \(steps) steps")
    }
}

/// The runs of one stage, which share their charts.
struct StageRuns {
    let stage: Recipe.Stage
    let runs: [RunRecord]

    /// Pre-training first; runs of one name are told apart by a number.
    static func group(_ runs: [RunRecord]) -> [StageRuns] {
        var seen: [String: Int] = [:]
        let named = runs.map { run in
            var run = run
            seen[run.name, default: 0] += 1
            if let number = seen[run.name], number > 1 { run.name += " (\(number))" }
            return run
        }
        return Recipe.Stage.allCases.compactMap { stage in
            let members = named.filter { $0.stage == stage }
            return members.isEmpty ? nil : StageRuns(stage: stage, runs: members)
        }
    }

    /// A figure a run, where they are few.
    var figures: [Summary.Figure] { runs.count <= 3 ? runs.compactMap(\.figure) : [] }

    /// A line a run.
    var settings: [Summary.Setting] { runs.map(\.setting) }

    private static let names = [
        "loss": "loss", "mlm_loss": "masked text", "mae_loss": "masked patches",
    ]

    private var keys: [String] {
        stage == .pretraining ? ["loss", "mlm_loss", "mae_loss"] : ["loss"]
    }

    private var title: String {
        stage == .pretraining ? "Continual pre-training" : "Contrastive fine-tuning"
    }

    private var lead: String {
        let smoothing = "Strong lines are smoothed."
        switch stage {
        case .pretraining:
            return "Masked text: cross-entropy of the masked tokens; masked patches: squared "
                + "error of normalised pixels; loss: their weighted sum. \(smoothing)"
        case .contrastive:
            let sizes = Set(runs.compactMap { $0.recipe?.batch.size })
            guard sizes.count == 1, let size = sizes.first else { return smoothing }
            return "Cross-entropy of the right document in a batch of \(size); guessing among "
                + "these costs ln \(size) = \(Message.text(log(Double(size)))). \(smoothing)"
        }
    }

    /// One run: its losses in one chart, and its tasks in another. Several: a chart a loss.
    var sections: [ReportSection] {
        if runs.count == 1, let run = runs.first {
            let curves = keys.compactMap { run.metrics.curve($0, as: Self.names[$0] ?? $0) }
            let prefix = MetricsLog.subsetPrefix
            let tasks = run.metrics.names.filter { $0.hasPrefix(prefix) }.compactMap {
                run.metrics.curve($0, as: String($0.dropFirst(prefix.count)))
            }
            let whole = ReportSection(title, lead: lead, .chart(LossChart(curves: curves)))
            guard tasks.count > 1 else { return [whole] }
            return [
                whole, ReportSection("\(title), by task", .chart(LossChart(curves: tasks))),
            ]
        }
        return keys.compactMap { key in
            let curves = runs.compactMap { $0.metrics.curve(key, as: $0.name) }
            guard !curves.isEmpty else { return nil }
            let name = Self.names[key] ?? key
            return ReportSection(
                "\(title): \(name)", lead: key == keys[0] ? lead : "",
                .chart(LossChart(curves: curves, valueName: name)))
        }
    }
}
