// Real steps of a recipe, measured, in a folder of their own: the run folder stays as it is.

import Foundation
import MoCaSystem
import Torch

/// What a step of a run takes.
package struct StepMeasurement: Sendable, Hashable, Codable {
    package var secondsAStep: Double
    package var samplesAStep: Double
    /// Image tokens included.
    package var tokensAStep: Double
    /// The most memory that was resident at once.
    package var peakMemoryBytes: Int
    /// The most that was taken of the device; nil for a processor.
    package var devicePeakMemoryBytes: Int?
    /// Share of the device's matrix-product peak.
    package var mfu: Double

    /// Trains the first steps from fresh data: the first one warms up, the others count.
    ///
    /// - Throws: what a run throws.
    package init(_ recipe: Recipe) throws {
        var copy = recipe
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "moca-plan-\(UUID().uuidString)")
        (copy.outputFolder, copy.resume, copy.evaluation) = (folder, .never, nil)
        copy.checkpoint = Recipe.Checkpoints()
        copy.checkpoint.everySteps = recipeSizeMax
        copy.logging.everySteps = 1
        var reports: [StepReport] = []
        // Before the last step, which would save.
        let lastCount = min(Self.stepCount, copy.schedule.totalSteps)
        var run = TrainingRun(
            copy, say: { _ in },
            onLog: { report in
                reports.append(report)
                if reports.count == lastCount { throw Enough() }
            })
        run.keepsNothing = true
        let outcome = Result { try run.run() }
        _ = Result { try FileSystem.remove(folder) }
        if case .failure(let error) = outcome, !(error is Enough) { throw error }
        let counted = reports.count > 1 ? Array(reports.dropFirst()) : reports
        let before = reports.count > 1 ? reports[0] : nil
        let count = Double(max(1, counted.count))
        let last = counted[counted.count - 1]
        samplesAStep = Double(last.sampleCount - (before?.sampleCount ?? 0)) / count
        tokensAStep = Double(last.tokenCount - (before?.tokenCount ?? 0)) / count
        let rate = counted.reduce(0) { $0 + 1 / max(1e-9, $1.samplesPerSecond) } / count
        secondsAStep = samplesAStep * rate
        peakMemoryBytes = last.peakMemoryBytes
        devicePeakMemoryBytes = last.deviceMemory?.peakBytes
        mfu = counted.reduce(0) { $0 + $1.mfu } / count
    }

    private static let stepCount = 3

    /// Ends the run.
    private struct Enough: Error {}
}
