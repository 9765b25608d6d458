// The training loop. It knows no objective, no file and no terminal: an objective owns model and
// loss, and what happens around a step are closures.

import Foundation
import MoCaData
package import MoCaObjectives
package import NN
import Torch

/// Runs an objective to the last step.
///
///     var trainer = Trainer(objective, plan, state: state, next: batches.next, hooks: hooks)
///     try trainer.run()
package struct Trainer<Goal: Objective> {
    /// What the loop needs to know.
    package struct Plan {
        /// All that may be updated.
        package var optimizer: AdamW
        package var parameters: ParameterStore
        package var schedule: LearningRateSchedule
        package var maxGradientNorm: Double
        package var logEverySteps: Int
        package var saveEverySteps: Int
        /// Operations a second that the device reaches at best; 0 when unknown.
        package var peakRate: Double

        package init(
            optimizer: AdamW, parameters: ParameterStore, schedule: LearningRateSchedule,
            maxGradientNorm: Double, logEverySteps: Int, saveEverySteps: Int,
            peakRate: Double = 0
        ) {
            self.peakRate = peakRate
            (self.optimizer, self.parameters) = (optimizer, parameters)
            (self.schedule, self.maxGradientNorm) = (schedule, maxGradientNorm)
            (self.logEverySteps, self.saveEverySteps) = (logEverySteps, saveEverySteps)
        }
    }

    /// What the caller does around steps.
    package struct Hooks {
        package var log: (StepReport) throws -> Void
        /// Saves everything; returns where.
        package var save: (TrainingState) throws -> String
        /// Keeps a step whose loss or gradient is not finite, before anything is updated; returns
        /// where.
        package var keepFailure: (PreparedStep<Goal.Batch>, Int) throws -> String
        /// Asked after each step: whether to save and stop.
        package var shouldStop: () -> Bool

        package init(
            log: @escaping (StepReport) throws -> Void,
            save: @escaping (TrainingState) throws -> String,
            keepFailure: @escaping (PreparedStep<Goal.Batch>, Int) throws -> String,
            shouldStop: @escaping () -> Bool
        ) {
            (self.log, self.save) = (log, save)
            (self.keepFailure, self.shouldStop) = (keepFailure, shouldStop)
        }
    }

    package private(set) var state: TrainingState
    private let objective: Goal
    private let plan: Plan
    private let next: () throws -> PreparedStep<Goal.Batch>
    private let hooks: Hooks
    private let collectives: any Collectives = SingleProcess()
    private var meter: ThroughputMeter

    package init(
        _ objective: Goal, _ plan: Plan, state: TrainingState,
        next: @escaping () throws -> PreparedStep<Goal.Batch>, hooks: Hooks
    ) {
        (self.objective, self.plan, self.state) = (objective, plan, state)
        (self.next, self.hooks) = (next, hooks)
        meter = ThroughputMeter(state)
    }

    // MARK: - The loop

    /// Trains until the last step.
    ///
    /// - Throws: `TrainingError.notFinite`, `.interrupted`; what the closures throw; `TorchError`.
    package mutating func run() throws {
        let total = plan.schedule.totalSteps
        while state.step < total {
            let start = ContinuousClock.now
            let prepared = try next()
            meter.waited += ContinuousClock.now - start
            meter.operations += prepared.operations
            try step(prepared)
            if state.step.isMultiple(of: plan.logEverySteps) || state.step == total {
                try log()
            }
            let isStopped = hooks.shouldStop() && state.step < total
            guard isStopped || state.step.isMultiple(of: plan.saveEverySteps) || state.step == total
            else { continue }
            let place = try hooks.save(state)
            if isStopped { throw TrainingError.interrupted(step: state.step, checkpoint: place) }
        }
    }

    /// One update.
    private mutating func step(_ prepared: PreparedStep<Goal.Batch>) throws {
        let parameters = plan.parameters.parameters.map(\.tensor)
        let (terms, norm) = try catchingTorchErrors {
            let terms = objective.step(prepared.batches, over: collectives)
            return (terms, GradientClipping.totalNorm(parameters))
        }
        guard terms.loss.isFinite, norm.isFinite else {
            plan.optimizer.clearGradients()
            throw TrainingError.notFinite(
                step: state.step + 1, loss: terms.loss, gradientNorm: norm,
                records: prepared.ids.map(\.description),
                saved: try hooks.keepFailure(prepared, state.step + 1))
        }
        try catchingTorchErrors {
            GradientClipping.clip(parameters, norm: norm, maxNorm: plan.maxGradientNorm)
            plan.optimizer.step(learningRate: plan.schedule.rate(at: state.step))
            plan.optimizer.clearGradients()
        }
        advance(prepared, terms, norm)
    }

    private mutating func advance(
        _ prepared: PreparedStep<Goal.Batch>, _ terms: LossTerms, _ norm: Double
    ) {
        state.step += 1
        state.sampleCount += prepared.ids.count
        state.tokenCount += prepared.tokenCount
        state.failureCount = prepared.failureCount
        state.cursor = prepared.cursor
        state.interval.steps += 1
        state.interval.loss += terms.loss
        state.interval.gradientNorm += norm
        for term in terms.terms { state.interval.terms[term.name, default: 0] += term.mean }
        for (subset, terms) in terms.subsets {
            for term in terms where term.count > 0 {
                var share = state.interval.subsets[subset]?[term.name] ?? .init()
                share.sum += term.sum
                share.count += term.count
                share.weight = term.weight
                state.interval.subsets[subset, default: [:]][term.name] = share
            }
        }
    }

    private mutating func log() throws {
        let waited = meter.waited / .seconds(1)
        let rates = meter.rates(state)
        let steps = Double(max(1, state.interval.steps))
        let report = StepReport(
            step: state.step, totalSteps: plan.schedule.totalSteps,
            epoch: state.cursor?.fractionalEpoch ?? 0, loss: state.interval.loss / steps,
            terms: state.interval.terms.mapValues { $0 / steps },
            subsetTerms: state.interval.subsets,
            learningRate: plan.schedule.rate(at: state.step - 1),
            gradientNorm: state.interval.gradientNorm / steps, sampleCount: state.sampleCount,
            tokenCount: state.tokenCount, samplesPerSecond: rates.samples,
            tokensPerSecond: rates.tokens,
            mfu: plan.peakRate > 0 ? rates.operations / plan.peakRate : 0,
            peakMemoryBytes: ProcessMemory.peakResidentBytes, dataWaitSeconds: waited,
            failureCount: state.failureCount)
        state.interval = .init()
        try hooks.log(report)
    }
}

/// Speed since it was last asked.
private struct ThroughputMeter {
    private var start = ContinuousClock.now
    private var samples: Int
    private var tokens: Int
    /// For data.
    var waited = Duration.zero
    var operations = 0.0

    init(_ state: TrainingState) {
        (samples, tokens) = (state.sampleCount, state.tokenCount)
    }

    mutating func rates(
        _ state: TrainingState
    ) -> (samples: Double, tokens: Double, operations: Double) {
        let now = ContinuousClock.now
        let seconds = max(1e-9, (now - start) / .seconds(1))
        let rates = (
            Double(state.sampleCount - samples) / seconds,
            Double(state.tokenCount - tokens) / seconds, operations / seconds
        )
        (start, samples, tokens) = (now, state.sampleCount, state.tokenCount)
        (waited, operations) = (.zero, 0)
        return rates
    }
}
