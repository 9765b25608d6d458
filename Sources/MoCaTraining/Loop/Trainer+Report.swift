// The evaluation and the report of a logged step.

import MoCaData
import NN
import Torch

extension Trainer {
    /// Whether the model is evaluated after the current step.
    var isEvaluationDue: Bool {
        guard let every = plan.evaluateEverySteps else { return false }
        return state.step.isMultiple(of: every) || state.step == plan.schedule.totalSteps
    }

    /// Evaluates where that is due, and reports the steps since the last report. Does neither when
    /// the run was asked to stop during the evaluation.
    mutating func log() throws {
        let start = ContinuousClock.now
        guard let scores = isEvaluationDue ? try delegate.evaluate(at: state.step) : [:] else {
            return
        }
        let evaluated = ContinuousClock.now - start
        meter.pass(evaluated)
        var report = try report()
        report.evaluation = scores
        report.evaluationSeconds = evaluated / .seconds(1)
        try watchBestMetric(in: report)
        state.interval = .init()
        state.isLogDue = false
        let delegate = delegate
        try withoutRescue { try delegate.log(report) }
    }

    private mutating func report() throws -> StepReport {
        let waited = meter.waited / .seconds(1)
        let stalled = meter.stalled / .seconds(1)
        let rates = meter.rates(state)
        let interval = state.interval
        var report = StepReport(
            step: state.step, totalSteps: plan.schedule.totalSteps,
            epoch: state.cursor?.fractionalEpoch ?? 0, loss: interval.mean(interval.loss),
            terms: interval.terms.mapValues(interval.mean), subsetTerms: interval.subsets,
            learningRate: plan.schedule.rate(at: state.step - 1),
            gradientNorm: interval.meanGradientNorm, sampleCount: state.sampleCount,
            tokenCount: state.tokenCount, samplesPerSecond: rates.samples,
            tokensPerSecond: rates.tokens,
            mfu: plan.peakRate > 0 ? rates.operations / plan.peakRate : 0,
            peakMemoryBytes: ProcessMemory.peakResidentBytes,
            memoryBytes: ProcessMemory.residentBytes ?? 0, dataWaitSeconds: waited,
            failureCount: state.failureCount, packingFill: interval.packingFill?.mean,
            lossScale: state.lossScale)
        report.weightNorm = try catchingTorchErrors {
            totalNorm(plan.parameters.trainableParameters.map(\.tensor)).item()
        }
        report.deviceMemory = DeviceMemory(of: plan.parameters.device)
        report.skippedStepCount = state.skippedStepCount
        report.truncation = state.truncation
        report.checkpointStallSeconds = stalled
        return report
    }

    /// Remembers the value that chooses the best checkpoint.
    private mutating func watchBestMetric(in report: StepReport) throws {
        guard let name = plan.bestMetric else { return }
        let value = report.value(of: name)
        let isScore = name.hasPrefix(StepReport.scorePrefix)
        guard value != nil || isScore && !isEvaluationDue || report.loss.isNaN else {
            throw TrainingError.unknownMetric(name: name, known: report.valueNames)
        }
        if let value, value.isFinite { state.watchedValue = value }
    }
}
