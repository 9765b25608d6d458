// What is told about a logged step: one line for people, one for programs.

import Foundation
package import NN
package import Torch

/// One logged step. Losses and the gradient's norm are means over the steps since the last one.
package struct StepReport: Sendable, Hashable {
    package var step: Int
    package var totalSteps: Int
    /// Rows drawn over rows there are.
    package var epoch: Double
    package var loss: Double
    /// The loss's terms, by name.
    package var terms: [String: Double]
    /// The shares of subsets in the loss's terms since the last logged step, by subset and name.
    package var subsetTerms: [String: [String: TrainingState.Share]]
    package var learningRate: Double
    /// Before clipping.
    package var gradientNorm: Double
    /// The Euclidean norm of all trained parameters after the step.
    package var weightNorm = Double.nan
    package var sampleCount: Int
    package var tokenCount: Int
    package var samplesPerSecond: Double
    package var tokensPerSecond: Double
    /// Share of the device's matrix-product peak, measured when the run began.
    package var mfu: Double
    package var peakMemoryBytes: Int
    /// Resident now.
    package var memoryBytes: Int
    /// Of the device that the model is on; nil for a processor.
    package var deviceMemory: DeviceMemory?
    /// How long the steps since the last logged one waited for their data.
    package var dataWaitSeconds: Double
    /// Records that were left out because they failed, since the start of the run.
    package var failureCount: Int
    /// Share of the budget of samples that was used; nil where steps have no budget.
    package var packingFill: Double?
    /// What losses are multiplied by, and how many steps overflowed; nil unless weights are float16.
    package var lossScale: LossScale?

    /// Steps that changed nothing because their loss or gradient was not finite, since the start.
    package var skippedStepCount = 0
    /// What `data.max_length` cut off since the start of the run.
    package var truncation = TruncationCount()
    /// Scores of the model as it is at this step, by name: `eval/SET/precision_at_1`.
    package var evaluation: [String: Double] = [:]
    /// How long the evaluation took.
    package var evaluationSeconds = 0.0
    /// How long training waited for checkpoints since the last logged step.
    package var checkpointStallSeconds = 0.0

    /// Fields whose values differ between equal runs.
    package static let timings = [
        "samples_per_second", "tokens_per_second", "mfu", "peak_memory_bytes",
        "memory_bytes", "device_peak_memory_bytes", "device_memory_bytes", "data_wait_seconds",
        "checkpoint_stall_seconds", "evaluation_seconds",
    ]

    /// Names of scores begin with it.
    package static let scorePrefix = "eval/"

    /// A quantity by its name in `metrics.jsonl`: a loss, the gradient's norm or a score.
    func value(of name: String) -> Double? {
        switch name {
        case "loss": loss
        case "grad_norm": gradientNorm
        default: terms[name] ?? evaluation[name]
        }
    }

    /// The names that `value` knows.
    var valueNames: [String] {
        ["loss", "grad_norm"] + terms.keys.sorted() + evaluation.keys.sorted()
    }

    /// The line of `metrics.jsonl`, without its end.
    package var jsonLine: String {
        var fields: [(String, String)] = [
            ("step", "\(step)"), ("epoch", Self.json(epoch)), ("loss", Self.json(loss)),
        ]
        fields += terms.sorted { $0.key < $1.key }.map { ($0.key, Self.json($0.value)) }
        fields += [
            ("learning_rate", Self.json(learningRate)), ("grad_norm", Self.json(gradientNorm)),
            ("weight_norm", Self.json(weightNorm)),
            ("samples", "\(sampleCount)"), ("tokens", "\(tokenCount)"),
            ("quarantined", "\(failureCount)"), ("skipped_steps", "\(skippedStepCount)"),
            ("truncated_contents", "\(truncation.contents)"),
            ("dropped_tokens", "\(truncation.tokens)"),
            ("dropped_images", "\(truncation.images)"),
            ("samples_per_second", Self.json(samplesPerSecond)),
            ("tokens_per_second", Self.json(tokensPerSecond)),
            ("mfu", Self.json(mfu)), ("data_wait_seconds", Self.json(dataWaitSeconds)),
            ("peak_memory_bytes", "\(peakMemoryBytes)"), ("memory_bytes", "\(memoryBytes)"),
            ("checkpoint_stall_seconds", Self.json(checkpointStallSeconds)),
        ]
        if let deviceMemory {
            fields += [
                ("device_peak_memory_bytes", "\(deviceMemory.peakBytes)"),
                ("device_memory_bytes", "\(deviceMemory.heldBytes)"),
            ]
        }
        if let packingFill { fields.append(("packing_fill", Self.json(packingFill))) }
        if let lossScale {
            fields += [
                ("loss_scale", Self.json(lossScale.factor)),
                ("overflowed_steps", "\(lossScale.skippedSteps)"),
            ]
        }
        if !evaluation.isEmpty {
            fields.append(("evaluation_seconds", Self.json(evaluationSeconds)))
            fields += evaluation.sorted { $0.key < $1.key }.map { name, value in
                (String(Self.quoted(name).dropFirst().dropLast()), Self.json(value))
            }
        }
        if !subsetTerms.isEmpty {
            fields.append(("subset_losses", Self.object(subsets, Self.json)))
            fields.append(
                (
                    "subset_terms",
                    Self.object(subsetTerms) { terms in
                        Self.object(terms) {
                            "{\"sum\": \(Self.json($0.sum)), \"count\": \($0.count)}"
                        }
                    }
                ))
        }
        return "{\(fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", "))}"
    }

    /// Loss by subset.
    package var subsets: [String: Double] {
        subsetTerms.mapValues { terms in
            // In the order of names: sums of floating-point numbers depend on it.
            terms.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value.weight * $1.value.mean }
        }
    }

    /// The members in the order of their names.
    private static func object<Value>(
        _ members: [String: Value], _ text: (Value) -> String
    ) -> String {
        let pairs = members.sorted { $0.key < $1.key }
            .map { "\(quoted($0.key)): \(text($0.value))" }
        return "{\(pairs.joined(separator: ", "))}"
    }

    /// JSON has no NaN and no infinity.
    static func json(_ value: Double) -> String { value.isFinite ? "\(value)" : "null" }

    static func quoted(_ text: String) -> String {
        let inside = text.unicodeScalars.map { scalar in
            switch scalar {
            case "\"", "\\": "\\\(scalar)"
            case _ where scalar.value < 0x20:
                "\\u00" + (scalar.value < 16 ? "0" : "")
                    + String(scalar.value, radix: 16)
            default: String(scalar)
            }
        }
        return "\"\(inside.joined())\""
    }

    /// The line for people.
    package var line: String {
        let parts =
            terms.count > 1
            ? terms.sorted { $0.key < $1.key }.map { name, value in
                "  \(name.replacing("_loss", with: "")) \(Self.decimals(value, 4))"
            }.joined() : ""
        let width = String(totalSteps).count
        let number = String(repeating: " ", count: max(0, width - String(step).count)) + "\(step)"
        let gigabytes = Self.decimals(Double(peakMemoryBytes) / 1e9, 2)
        return "step \(number)/\(totalSteps)  loss \(Self.decimals(loss, 4))\(parts)"
            + "  lr \(String(format: "%.2e", learningRate))"
            + "  norm \(Self.decimals(gradientNorm, 2))"
            + "  \(Self.decimals(samplesPerSecond, 1)) samples/s"
            + "  \(Self.decimals(tokensPerSecond, 0)) tokens/s"
            + (mfu > 0 ? "  mfu \(Self.decimals(mfu, 2))" : "")
            + "  waited \(Self.decimals(dataWaitSeconds, 1)) s"
            + (lossScale.map { "  \($0.skippedSteps) overflowed" } ?? "")
            + (failureCount == 0 ? "" : "  \(failureCount) quarantined")
            + (skippedStepCount == 0 ? "" : "  \(skippedStepCount) skipped")
            + evaluation.sorted { $0.key < $1.key }
            .filter { $0.key.hasPrefix(Self.scorePrefix + "mean/") }.map {
                "  \($0.key) \(Self.decimals($0.value, 4))"
            }.joined()
            + "  \(gigabytes) GB  \(Self.duration(secondsLeft)) left"
    }

    /// At the speed of the steps since the last logged one.
    package var secondsLeft: Double {
        guard samplesPerSecond > 0, step > 0 else { return 0 }
        let samplesAStep = Double(sampleCount) / Double(step)
        return Double(totalSteps - step) * samplesAStep / samplesPerSecond
    }

    static func decimals(_ value: Double, _ count: Int) -> String {
        String(format: "%.\(count)f", value)
    }

    static func duration(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e8 else { return "?" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole) s" }
        if whole < 3600 { return "\(whole / 60) min" }
        return "\(whole / 3600) h \(whole % 3600 / 60) min"
    }
}
