// The evaluation and the metrics row of a logged step.

import MoCaRunLog
import NN
import Torch

extension Trainer {
    /// Whether the model is evaluated after the current step.
    var isEvaluationDue: Bool {
        guard let every = plan.evaluateEverySteps else { return false }
        return state.step.isMultiple(of: every) || state.step == plan.schedule.totalSteps
    }

    /// Evaluates if an evaluation is due, and logs the steps since the last row. Does neither if a
    /// stop was requested during the evaluation.
    mutating func log() throws {
        let start = ContinuousClock.now
        guard let scores = isEvaluationDue ? try delegate.evaluate(at: state.step) : [:] else {
            return
        }
        let evaluated = ContinuousClock.now - start
        meter.pass(evaluated)
        var row = try row()
        if !scores.isEmpty {
            row.scores = scores
            row.evaluationSeconds = evaluated / .seconds(1)
        }
        try watchBestMetric(in: row)
        state.interval = .init()
        state.isLogDue = false
        let delegate = delegate
        try withoutRescue { try delegate.log(row) }
    }

    private mutating func row() throws -> MetricsRow {
        let waited = meter.waited / .seconds(1)
        let stalled = meter.stalled / .seconds(1)
        let rates = meter.rates(state)
        var row = MetricsRow(state)
        row.learningRate = plan.schedule.rate(at: state.step - 1)
        row.weightNorm = try catchingTorchErrors {
            totalNorm(plan.parameters.trainableParameters.map(\.tensor)).item()
        }
        row.samplesPerSecond = rates.samples
        row.tokensPerSecond = rates.tokens
        row.mfu = plan.peakRate > 0 ? rates.operations / plan.peakRate : 0
        row.dataWaitSeconds = waited
        row.checkpointStallSeconds = stalled
        row.measureMemory(of: plan.parameters.device)
        return row
    }

    /// Stores the metric that selects the best checkpoint.
    private mutating func watchBestMetric(in row: MetricsRow) throws {
        guard let name = plan.bestMetric else { return }
        let value = row.quantity(named: name)
        let isScore = name.hasPrefix(MetricsRow.scorePrefix)
        guard value != nil || isScore && !isEvaluationDue || row.loss.isNaN else {
            throw TrainingError.unknownMetric(name: name, known: row.quantityNames)
        }
        if let value, value.isFinite { state.watchedValue = value }
    }
}
