// One step: gradients, the checks before the update, and the update.

import MoCaTables
import Foundation
import MoCaObjectives
import NN
import Torch

extension Trainer {
    /// Computes a step and updates the weights, unless the loss or a gradient is not finite.
    ///
    /// All ranks take the same decision: the loss terms and the norm are bit-identical on them.
    ///
    /// - Returns: Whether the weights were updated.
    mutating func update(
        with prepared: PreparedStep<Task.Batch>, verdict: StepVerdict
    ) throws -> Bool {
        let scale = beginScaledStep()
        defer { plan.parameters.context.place = nil }
        let (terms, norm) = try catchingTorchErrors {
            let terms = task.step(prepared.batches, over: collectives)
            return (terms, plan.optimizer.reduceGradients() / scale)
        }
        if terms.loss.isFinite, skipsOverflow(norm: norm) {
            advance(past: prepared, verdict: verdict)
            state.interval.add(terms, norm: nil, fill: prepared.packingFill)
            return false
        }
        guard terms.loss.isFinite, norm.isFinite else {
            try skip(prepared, verdict: verdict, loss: terms.loss, norm: norm)
            return false
        }
        isWorthKeeping = false
        try catchingTorchErrors {
            let factor = GradientClipping.factor(norm: norm, maxNorm: plan.maxGradientNorm)
            plan.optimizer.step(
                learningRate: plan.schedule.rate(at: state.step), gradientFactor: factor / scale)
            plan.optimizer.clearGradients()
        }
        advance(past: prepared, verdict: verdict)
        state.interval.add(terms, norm: norm, fill: prepared.packingFill)
        isWorthKeeping = true
        try noteSpike(of: terms.loss, in: prepared)
        try noteIdleStep(isIdle: terms.loss == 0 && norm == 0, prepared)
        return true
    }

    /// Notes the first of a series of steps in which nothing is learned.
    private mutating func noteIdleStep(
        isIdle: Bool, _ prepared: PreparedStep<Task.Batch>
    ) throws {
        defer { wasIdle = isIdle }
        guard isIdle, !wasIdle else { return }
        try delegate.note(
            TrainingEvent(
                step: state.step, kind: .nothingLearned, loss: 0,
                records: prepared.ids.map(\.description)))
    }

    /// Sets the step in the model's step context, and returns the loss scale.
    private mutating func beginScaledStep() -> Double {
        let context = plan.parameters.context
        if plan.parameters.dtype == .float16, state.lossScale == nil { state.lossScale = .init() }
        context.place = .init(step: state.step, rank: collectives.rank)
        context.lossScale = state.lossScale?.factor ?? 1
        return context.lossScale
    }

    /// Updates the loss scale, and returns whether the gradient overflowed only because of it; such
    /// a step does not update the weights.
    private mutating func skipsOverflow(norm: Double) -> Bool {
        guard var scale = state.lossScale, norm.isFinite || !scale.isExhausted else { return false }
        scale.update(isFinite: norm.isFinite)
        state.lossScale = scale
        if !norm.isFinite { plan.optimizer.clearGradients() }
        return !norm.isFinite
    }

    /// Counts a step as done. A log row that is due stays due until it is written, even if
    /// something fails before that.
    private mutating func advance(
        past prepared: PreparedStep<Task.Batch>, verdict: StepVerdict
    ) {
        state.advance(past: prepared, verdict: verdict)
        state.isLogDue =
            state.step.isMultiple(of: plan.logEverySteps)
            || state.step == plan.schedule.totalSteps || isEvaluationDue
    }

    // MARK: Steps that are not finite

    /// Skips a step within the budget: weights and moments stay unchanged, while the data and the
    /// schedule advance.
    private mutating func skip(
        _ prepared: PreparedStep<Task.Batch>, verdict: StepVerdict, loss: Double, norm: Double
    ) throws {
        plan.optimizer.clearGradients()
        let isKept = state.skippedStepCount < FailureDump.keptCount
        let isOver = state.skippedStepCount >= plan.notFiniteBudget
        let kept = isKept || isOver ? keepFailure(prepared) : nil
        let records = prepared.ids.map(\.description)
        if isOver, let kept {
            throw TrainingError.notFinite(
                step: state.step + 1, loss: loss, gradientNorm: norm, records: records,
                saved: kept)
        }
        state.skippedStepCount += 1
        advance(past: prepared, verdict: verdict)
        try delegate.note(
            TrainingEvent(
                step: state.step, kind: .notFinite(gradientNorm: norm, saved: kept), loss: loss,
                records: records))
    }

    /// Writes the batch and the weights. A failure is returned, not thrown, so that the step is
    /// still reported.
    private func keepFailure(_ prepared: PreparedStep<Task.Batch>) -> KeptStep {
        do {
            let path = try delegate.dump(prepared, number: state.step + 1)
            return path.map(KeptStep.folder) ?? .nothing
        } catch {
            return .failed(reason: error.localizedDescription)
        }
    }

    private mutating func noteSpike(
        of loss: Double, in prepared: PreparedStep<Task.Batch>
    ) throws {
        guard let expected = state.spikes.expectation(of: loss, subset: prepared.subset) else {
            return
        }
        try delegate.note(
            TrainingEvent(
                step: state.step, kind: .lossSpike(expected: expected), loss: loss,
                records: prepared.ids.map(\.description)))
    }
}
