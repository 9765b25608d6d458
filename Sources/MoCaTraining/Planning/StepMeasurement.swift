// Measurement of a recipe's first steps in a temporary folder: the run folder stays unchanged.

import Foundation
import MoCaRunLog
import MoCaSystem

/// The measured time and memory of a run's step.
package struct StepMeasurement: Sendable, Hashable, Codable {
    package var secondsAStep: Double
    package var samplesAStep: Double
    /// The number of tokens per step, including image tokens.
    package var tokensAStep: Double
    /// The peak resident memory in bytes.
    package var peakMemoryBytes: Int
    /// The peak device memory in bytes; nil for a CPU.
    package var devicePeakMemoryBytes: Int?
    /// The achieved fraction of the device's peak rate of matrix products.
    package var mfu: Double

    /// Trains the first steps from fresh data; the first is a warm-up and is not counted.
    ///
    /// - Throws: The errors of a run.
    package init(_ recipe: Recipe) throws {
        var copy = recipe
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "moca-plan-\(UUID().uuidString)")
        (copy.outputFolder, copy.resume, copy.evaluation) = (folder, .never, nil)
        copy.checkpoint = Recipe.Checkpoints()
        copy.checkpoint.everySteps = recipeSizeMax
        copy.logging.everySteps = 1
        var rows: [MetricsRow] = []
        // Ends before the last step, which would save.
        let lastCount = min(Self.stepCount, copy.schedule.totalSteps)
        var run = TrainingRun(
            copy, say: { _ in },
            onLog: { row in
                rows.append(row)
                if rows.count == lastCount { throw Enough() }
            })
        run.keepsNothing = true
        let outcome = Result { try run.run() }
        _ = Result { try FileSystem.remove(folder) }
        if case .failure(let error) = outcome, !(error is Enough) { throw error }
        let counted = rows.count > 1 ? Array(rows.dropFirst()) : rows
        let before = rows.count > 1 ? rows[0] : nil
        let count = Double(max(1, counted.count))
        let last = counted[counted.count - 1]
        samplesAStep = Double(last.sampleCount - (before?.sampleCount ?? 0)) / count
        tokensAStep = Double(last.tokenCount - (before?.tokenCount ?? 0)) / count
        let rate = counted.reduce(0) { $0 + 1 / max(1e-9, $1.samplesPerSecond) } / count
        secondsAStep = samplesAStep * rate
        peakMemoryBytes = last.peakMemoryBytes
        devicePeakMemoryBytes = last.devicePeakMemoryBytes
        mfu = counted.reduce(0) { $0 + $1.mfu } / count
    }

    private static let stepCount = 3

    /// Thrown to end the run.
    private struct Enough: Error {}
}
