// Creates rows of metrics.jsonl from the state of a run, and formats them for the terminal.

import Foundation
import MoCaCore
import MoCaData
import MoCaObjectives
import MoCaProcessing
package import MoCaRunLog
import NN
import Torch

extension MetricsRow {
    /// Creates a row with the counts, losses and gradient norm of a run's state.
    init(_ state: TrainingState) {
        self.init(step: state.step)
        let interval = state.interval
        epoch = state.cursor?.fractionalEpoch ?? 0
        loss = interval.mean(interval.loss)
        terms = interval.terms.mapValues(interval.mean)
        gradientNorm = interval.meanGradientNorm
        sampleCount = state.sampleCount
        tokenCount = state.tokenCount
        quarantinedCount = state.failureCount
        skippedStepCount = state.skippedStepCount
        truncatedContentCount = state.truncation.contents
        droppedTokenCount = state.truncation.tokens
        droppedImageCount = state.truncation.images
        packingFill = interval.packingFill?.mean
        lossScale = state.lossScale?.factor
        overflowedStepCount = state.lossScale?.skippedSteps
        subsetTerms = interval.subsets.mapValues { terms in
            terms.mapValues { TermSum(sum: $0.sum, count: $0.count) }
        }
        subsetLosses = interval.subsets.mapValues { terms in
            // In the order of names, on which floating-point sums depend.
            terms.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value.weight * $1.value.mean }
        }
    }

    /// Measures the memory of the process and of `device`.
    mutating func measureMemory(of device: Device) {
        peakMemoryBytes = ProcessMemory.peakResidentBytes
        memoryBytes = ProcessMemory.residentBytes ?? 0
        let memory = DeviceMemory(of: device)
        devicePeakMemoryBytes = memory?.peakBytes
        deviceMemoryBytes = memory?.heldBytes
    }

    /// Returns the row as a line for the terminal, for a run of `totalSteps` steps.
    package func line(totalSteps: Int) -> String {
        let width = String(totalSteps).count
        let number = String(repeating: " ", count: max(0, width - String(step).count)) + "\(step)"
        let shownTerms = terms.count > 1 ? terms.sorted { $0.key < $1.key } : []
        let means = scores.sorted { $0.key < $1.key }
            .filter { $0.key.hasPrefix(Self.scorePrefix + "mean/") }
        var parts = ["step \(number)/\(totalSteps)", "loss \(NumberText.decimal(loss, digits: 4))"]
        parts += shownTerms.map { name, value in
            "\(name.replacing("_loss", with: "")) \(NumberText.decimal(value, digits: 4))"
        }
        parts += [
            "lr \(String(format: "%.2e", learningRate))",
            "norm \(NumberText.decimal(gradientNorm, digits: 2))",
            "\(NumberText.decimal(samplesPerSecond, digits: 1)) samples/s",
            "\(NumberText.decimal(tokensPerSecond, digits: 0)) tokens/s",
        ]
        if mfu > 0 { parts.append("mfu \(NumberText.decimal(mfu, digits: 2))") }
        parts.append("waited \(NumberText.decimal(dataWaitSeconds, digits: 1)) s")
        if let worldSize, let rankWaitShare {
            let percent = NumberText.decimal(100 * rankWaitShare, digits: 0)
            parts += ["ranks \(worldSize)", "waiting \(percent) %"]
        }
        if let overflowedStepCount { parts.append("\(overflowedStepCount) overflowed") }
        if quarantinedCount > 0 { parts.append("\(quarantinedCount) quarantined") }
        if skippedStepCount > 0 { parts.append("\(skippedStepCount) skipped") }
        parts += means.map { "\($0.key) \(NumberText.decimal($0.value, digits: 4))" }
        parts += [
            "\(NumberText.decimal(Double(peakMemoryBytes) / 1e9, digits: 2)) GB",
            "\(NumberText.duration(seconds: secondsLeft(totalSteps: totalSteps))) left",
        ]
        return parts.joined(separator: "  ")
    }

    /// Returns the seconds to the last step at the speed since the previous logged step.
    private func secondsLeft(totalSteps: Int) -> Double {
        guard samplesPerSecond > 0, step > 0 else { return 0 }
        let samplesPerStep = Double(sampleCount) / Double(step)
        return Double(totalSteps - step) * samplesPerStep / samplesPerSecond
    }
}
