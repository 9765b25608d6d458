// The curves of runs: losses, and everything else that metrics.jsonl holds.

import Foundation

extension RunSections {
    private static let lossNames = [
        "loss": "loss", "mlm_loss": "masked text", "mae_loss": "masked patches",
    ]

    private var lossKeys: [String] {
        let found = Set(runs.flatMap { $0.metrics.names }).filter { $0.hasSuffix("_loss") }
        let first = stage == .pretraining ? ["loss", "mlm_loss", "mae_loss"] : ["loss"]
        // A single term is the loss itself.
        let others = found.subtracting(first).sorted()
        return first + (stage == .contrastive && others.count == 1 ? [] : others)
    }

    private var lossLead: String {
        let smoothing = "Strong lines are smoothed."
        switch stage {
        case .pretraining:
            return "Masked text: cross-entropy of the masked tokens; masked patches: squared "
                + "error of normalised pixels; loss: their weighted sum. \(smoothing)"
        case .contrastive:
            let counts = Set(runs.compactMap(\.candidateCount))
            guard counts.count == 1, let count = counts.first else { return smoothing }
            return "Cross-entropy of the right document among those of a batch; guessing among "
                + "\(count.fixed(0)) costs ln \(count.fixed(0)) = \(log(count).fixed(2)). "
                + smoothing
        }
    }

    /// One run: its losses in one chart. Several: a chart a loss, and the loss over tokens.
    var lossSections: [ReportSection] {
        if runs.count == 1, let run = runs.first {
            let curves = lossKeys.compactMap {
                run.metrics.curve($0, as: Self.lossNames[$0] ?? $0)
            }
            var chart = LossChart(curves: curves)
            chart.marks = run.events.filter { $0.kind != "finished" }.map {
                .init(step: $0.step, text: "\($0.kind), step \($0.step)")
            }
            return [ReportSection(title, lead: lossLead, .chart(chart))]
        }
        let byStep = lossKeys.compactMap { key -> ReportSection? in
            let curves = runs.compactMap { $0.metrics.curve(key, as: $0.name) }
            guard !curves.isEmpty else { return nil }
            let name = Self.lossNames[key] ?? key
            return ReportSection(
                "\(title): \(name)", lead: key == lossKeys[0] ? lossLead : "",
                .chart(LossChart(curves: curves, valueName: name)))
        }
        let byTokens = runs.compactMap(Self.lossOverTokens)
        guard byTokens.count > 1 else { return byStep }
        var chart = LossChart(curves: byTokens)
        chart.placeName = "tokens"
        return byStep + [
            ReportSection(
                "\(title): loss over tokens",
                lead: "Runs with batches of different sizes are fairly compared here.",
                .chart(chart))
        ]
    }

    private static func lossOverTokens(_ run: RunFolder) -> Curve? {
        let tokens = Dictionary(
            run.points("tokens").map { ($0.step, $0.value) }, uniquingKeysWith: { $1 })
        let points = run.points("loss").compactMap { point in
            tokens[point.step].map { Curve.Point(step: Int($0), value: point.value) }
        }
        return points.isEmpty ? nil : Curve(run.name, points: points)
    }

    /// Losses by subset, all of them and then each term where there are several: of one run in one
    /// chart, of several a chart a subset.
    var taskSections: [ReportSection] {
        [tasks(MetricsLog.subsetPrefix, "")].compactMap { $0 } + termSections
    }

    private var termSections: [ReportSection] {
        let prefix = MetricsLog.subsetTermPrefix
        let terms = Set(
            keys { $0.hasPrefix(prefix) }.map { key in
                String(key.dropFirst(prefix.count).prefix { $0 != "/" })
            })
        // A single term is the loss itself.
        guard terms.count > 1 else { return [] }
        let order = ["mlm_loss", "mae_loss", "mlm_accuracy"]
        let sorted = order.filter(terms.contains) + terms.subtracting(order).sorted()
        return sorted.compactMap { term in
            let name = Self.lossNames[term] ?? Self.names[term] ?? term
            return tasks("\(prefix)\(term)/", ": \(name)")
        }
    }

    /// The quantities that begin with a prefix and end with a subset's name; nil where only one run
    /// has only one of them.
    private func tasks(_ prefix: String, _ topic: String) -> ReportSection? {
        if runs.count == 1, let run = runs.first {
            let tasks = run.metrics.names.filter { $0.hasPrefix(prefix) }.compactMap {
                run.metrics.curve($0, as: String($0.dropFirst(prefix.count)))
            }
            guard tasks.count > 1 else { return nil }
            return ReportSection("\(title), by task\(topic)", .chart(LossChart(curves: tasks)))
        }
        let grid = grid(keys { $0.hasPrefix(prefix) }) { String($0.dropFirst(prefix.count)) }
        return grid.isEmpty
            ? nil : ReportSection("\(title), by task\(topic)", .charts(grid))
    }

    // MARK: Small charts

    private func keys(_ isWanted: (String) -> Bool) -> [String] {
        Set(runs.flatMap { $0.metrics.names }).filter(isWanted).sorted()
    }

    /// A chart a quantity, with a curve a run.
    private func grid(
        _ keys: [String], divisor: Double = 1, name: (String) -> String
    ) -> [LossChart] {
        keys.compactMap { key in
            let curves = runs.compactMap { run -> Curve? in
                guard var curve = run.metrics.curve(key, as: run.name) else { return nil }
                for index in curve.points.indices { curve.points[index].value /= divisor }
                return curve.points.contains { $0.value.isFinite } ? curve : nil
            }
            guard !curves.isEmpty else { return nil }
            return LossChart(curves: curves, valueName: name(key))
        }
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
    private static let counts = ["step", "epoch", "samples", "tokens", "quarantined"]
    private static let learning = ["mlm_accuracy", "learning_rate", "grad_norm", "weight_norm"]
    private static let speed = [
        "tokens_per_second", "samples_per_second", "mfu", "packing_fill", "data_wait_seconds",
    ]
    private static let memory = [
        "peak_memory_bytes", "memory_bytes", "device_peak_memory_bytes", "device_memory_bytes",
    ]

    /// Evaluations, learning, speed and memory, and whatever else there is.
    var chartSections: [ReportSection] {
        let name = { (key: String) in Self.names[key] ?? key }
        let evaluations = grid(keys { $0.hasPrefix(MetricsLog.scorePrefix) }) {
            String($0.dropFirst(MetricsLog.scorePrefix.count))
        }
        let learning = grid(Self.learning, name: name)
        let speed =
            grid(Self.speed, name: name) + grid(Self.memory, divisor: 1e9, name: name)
        let shown = Set(
            lossKeys + Self.counts + Self.learning + Self.speed + Self.memory
                + ["contrastive_loss"])
        let others = grid(
            keys {
                !shown.contains($0) && !$0.hasPrefix(MetricsLog.scorePrefix)
                    && !$0.hasPrefix(MetricsLog.subsetPrefix)
                    && !$0.hasPrefix(MetricsLog.subsetTermPrefix)
            }, name: name)
        return [
            ("evaluation", evaluations), ("learning rate and gradients", learning),
            ("speed and memory", speed), ("other figures", others),
        ].compactMap { topic, charts in
            charts.isEmpty ? nil : ReportSection("\(title): \(topic)", .charts(charts))
        }
    }
}
