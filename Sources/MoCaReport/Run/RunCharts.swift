// The curves of runs: losses, and all other values in metrics.jsonl.

import Foundation
import MoCaRunLog
import MoCaTraining

extension RunSections {
    private static let lossNames = [
        "loss": "loss", "mlm_loss": "masked text", "mae_loss": "masked patches",
    ]

    private var lossKeys: [String] {
        let found = Set(
            quantities.compactMap { quantity -> String? in
                guard case .figure(let name) = quantity, name.hasSuffix("_loss") else { return nil }
                return name
            })
        let first = stage == .pretrain ? ["loss", "mlm_loss", "mae_loss"] : ["loss"]
        // A single term equals the loss.
        let others = found.subtracting(first).sorted()
        return first + (stage == .finetune && others.count == 1 ? [] : others)
    }

    private var lossLead: String {
        let smoothing = "Strong lines are smoothed."
        switch stage {
        case .pretrain:
            return "Masked text: cross-entropy of the masked tokens; masked patches: squared "
                + "error of normalised pixels; loss: their weighted sum. \(smoothing)"
        case .finetune:
            let counts = Set(runs.compactMap(\.candidateCount))
            guard counts.count == 1, let count = counts.first else { return smoothing }
            return "Cross-entropy of the right document among those of a batch; guessing among "
                + "\(count.fixed(0)) costs ln \(count.fixed(0)) = \(log(count).fixed(2)). "
                + smoothing
        }
    }

    /// One run: all losses in one chart. Several: a chart for each loss, and the loss over tokens.
    var lossSections: [ReportSection] {
        if runs.count == 1, let run = runs.first {
            let curves = lossKeys.compactMap {
                run.metrics.curve(.figure($0), as: Self.lossNames[$0] ?? $0)
            }
            var chart = LossChart(curves: curves)
            chart.marks = run.events.filter { $0.kind != .finished }.map {
                .init(step: $0.step, text: "\($0.kind.rawValue), step \($0.step)")
            }
            return [ReportSection(title, lead: lossLead, chart)]
        }
        let byStep = lossKeys.compactMap { key -> ReportSection? in
            let curves = runs.compactMap { $0.metrics.curve(.figure(key), as: $0.name) }
            guard !curves.isEmpty else { return nil }
            let name = Self.lossNames[key] ?? key
            return ReportSection(
                "\(title): \(name)", lead: key == lossKeys[0] ? lossLead : "",
                LossChart(curves: curves, valueName: name))
        }
        let byTokens = runs.compactMap(Self.lossOverTokens)
        guard byTokens.count > 1 else { return byStep }
        var chart = LossChart(curves: byTokens)
        chart.placeName = "tokens"
        return byStep + [
            ReportSection(
                "\(title): loss over tokens",
                lead: "Runs with batches of different sizes are fairly compared here.",
                chart)
        ]
    }

    private static func lossOverTokens(_ run: RunFolder) -> Curve? {
        let points = run.metrics.rows.filter { $0.loss.isFinite && $0.tokenCount > 0 }.map {
            Curve.Point(step: $0.tokenCount, value: $0.loss)
        }
        return points.isEmpty ? nil : Curve(run.name, points: points)
    }

    /// The losses by subset, in total and, if there are several, for each term. One run has one
    /// chart, several have a chart for each subset.
    var taskSections: [ReportSection] {
        let losses = tasks("") { quantity in
            guard case .subsetLoss(let subset) = quantity else { return nil }
            return subset
        }
        return [losses].compactMap { $0 } + termSections
    }

    private var termSections: [ReportSection] {
        let terms = Set(
            quantities.compactMap { quantity -> String? in
                guard case .subsetTerm(let term, _) = quantity else { return nil }
                return term
            })
        // A single term equals the loss.
        guard terms.count > 1 else { return [] }
        let order = ["mlm_loss", "mae_loss", "mlm_accuracy"]
        let sorted = order.filter(terms.contains) + terms.subtracting(order).sorted()
        return sorted.compactMap { term in
            let name = Self.lossNames[term] ?? Self.names[term] ?? term
            return tasks(": \(name)") { quantity in
                guard case .subsetTerm(term, let subset) = quantity else { return nil }
                return subset
            }
        }
    }

    /// The section of the quantities for which `subset` returns a name; nil if a single run has
    /// fewer than two of them.
    private func tasks(
        _ topic: String, subset: (RunMetrics.Quantity) -> String?
    ) -> ReportSection? {
        if runs.count == 1, let run = runs.first {
            let tasks = run.metrics.quantities.compactMap { quantity in
                subset(quantity).flatMap { run.metrics.curve(quantity, as: $0) }
            }
            guard tasks.count > 1 else { return nil }
            return ReportSection("\(title), by task\(topic)", LossChart(curves: tasks))
        }
        let grid = grid(quantities.filter { subset($0) != nil }) { subset($0) ?? "" }
        return grid.isEmpty
            ? nil : ReportSection("\(title), by task\(topic)", grid)
    }

    // MARK: Small charts

    /// The quantities of all runs, sorted by name.
    private var quantities: [RunMetrics.Quantity] {
        Set(runs.flatMap { $0.metrics.quantities }).sorted { $0.name < $1.name }
    }

    /// A chart for each quantity, with a curve for each run.
    private func grid(
        _ quantities: [RunMetrics.Quantity], divisor: Double = 1,
        name: (RunMetrics.Quantity) -> String
    ) -> [LossChart] {
        quantities.compactMap { quantity in
            let curves = runs.compactMap { run -> Curve? in
                var curve = run.metrics.curve(quantity, as: run.name)
                for index in curve?.points.indices ?? 0..<0 {
                    curve?.points[index].value /= divisor
                }
                return curve
            }
            return curves.isEmpty
                ? nil : LossChart(curves: curves, valueName: name(quantity))
        }
    }

    /// A chart for each figure of `names`, with a curve for each run.
    private func grid(_ names: [String], divisor: Double = 1) -> [LossChart] {
        grid(names.map { .figure($0) }, divisor: divisor) { Self.names[$0.name] ?? $0.name }
    }

    private static let names = [
        "learning_rate": "learning rate", "grad_norm": "gradient norm",
        "weight_norm": "norm of the trained weights",
        "mlm_accuracy": "masked tokens found", "tokens_per_second": "tokens a second",
        "samples_per_second": "samples a second", "mfu": "share of the device's peak (MFU)",
        "packing_fill": "share of the budget used",
        "device_peak_memory_bytes": "most memory of the device, GB",
        "device_memory_bytes": "memory of the device, GB",
        "data_wait_seconds": "seconds waited for data",
        "peak_memory_bytes": "most memory, GB", "memory_bytes": "memory, GB",
        "quarantined": "records left out",
    ]
    private static let counts = ["epoch", "samples", "tokens", "quarantined"]
    /// The figures in the section of processes.
    private static let processes = ["world_size", "rank_wait_share", "slowest_rank"]
    private static let learning = ["mlm_accuracy", "learning_rate", "grad_norm", "weight_norm"]
    private static let speed = [
        "tokens_per_second", "samples_per_second", "mfu", "packing_fill", "data_wait_seconds",
    ]
    private static let memory = [
        "peak_memory_bytes", "memory_bytes", "device_peak_memory_bytes", "device_memory_bytes",
    ]

    /// Charts of evaluations, optimisation, speed, memory, and all remaining quantities.
    var chartSections: [ReportSection] {
        let scores = quantities.filter { if case .score = $0 { true } else { false } }
        let evaluations = grid(scores, name: \.name)
        let learning = grid(Self.learning)
        let speed = grid(Self.speed) + grid(Self.memory, divisor: 1e9)
        let shown = Set(
            lossKeys + Self.counts + Self.learning + Self.speed + Self.memory + Self.processes
                + ["contrastive_loss"])
        let others = grid(
            quantities.compactMap { quantity in
                guard case .figure(let name) = quantity, !shown.contains(name) else { return nil }
                return name
            })
        return [
            ("evaluation", evaluations), ("learning rate and gradients", learning),
            ("speed and memory", speed), ("other figures", others),
        ].compactMap { topic, charts in
            charts.isEmpty ? nil : ReportSection("\(title): \(topic)", charts)
        }
    }
}
