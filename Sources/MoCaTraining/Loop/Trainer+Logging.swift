// The evaluation and the metrics row of a logged step. All ranks log the same steps.

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
        let (start, exchanged) = (ContinuousClock.now, collectives.exchangeTime)
        guard let scores = isEvaluationDue ? try delegate.evaluate(at: state.step) : [:] else {
            return
        }
        let evaluated = ContinuousClock.now - start
        meter.pass(evaluated, exchanging: collectives.exchangeTime - exchanged)
        var row = try row()
        if !scores.isEmpty {
            row.scores = scores
            row.evaluationSeconds = evaluated / .seconds(1)
        }
        try watchBestMetric(in: row)
        state.interval = .init()
        state.isLogDue = false
        let (delegate, step) = (delegate, state.step)
        let straggler = stragglers.straggler(after: row.ranks)
        try withoutRescue {
            try delegate.log(row)
            if let straggler { try delegate.note(straggler, at: step) }
        }
    }

    private mutating func row() throws -> MetricsRow {
        let reading = meter.read(state, exchangeTime: collectives.exchangeTime)
        var row = MetricsRow(state)
        row.learningRate = plan.schedule.rate(at: state.step - 1)
        row.weightNorm = try catchingTorchErrors {
            totalNorm(plan.parameters.trainableParameters.map(\.tensor)).item()
        }
        try checkAreEqual(row.weightNorm)
        row.samplesPerSecond = reading.samplesPerSecond
        row.tokensPerSecond = reading.tokensPerSecond
        row.mfu = plan.peakRate > 0 ? reading.operationsPerSecond / plan.peakRate : 0
        row.dataWaitSeconds = reading.seconds.dataWaitSeconds
        row.checkpointStallSeconds = reading.seconds.checkpointStallSeconds
        row.measureMemory(of: plan.parameters.device)
        try addRanks(to: &row, own: reading.seconds)
        return row
    }

    /// Checks that the weights of all ranks, which are equal to the bit, have not drifted apart.
    private func checkAreEqual(_ weightNorm: Double) throws {
        let all = try catchingTorchErrors { collectives.gatherLists([weightNorm]) }
        guard let rank = all.firstIndex(where: { $0[0].bitPattern != all[0][0].bitPattern })
        else { return }
        throw RankError.mismatch(
            reason: "the weights of rank \(rank) are not those of rank 0 at step \(state.step)",
            remedy: "go on from an earlier checkpoint, with processors or GPUs of one kind")
    }

    /// Adds the figures of all ranks, in a run of several. The time of this exchange belongs to the
    /// next row.
    private func addRanks(to row: inout MetricsRow, own seconds: RankFigures) throws {
        guard collectives.worldSize > 1 else { return }
        var own = seconds
        own.peakMemoryBytes = row.peakMemoryBytes
        own.devicePeakMemoryBytes = row.devicePeakMemoryBytes
        let lists = try catchingTorchErrors { collectives.gatherLists(own.numbers) }
        row.setRanks(lists.map(RankFigures.init(numbers:)))
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
