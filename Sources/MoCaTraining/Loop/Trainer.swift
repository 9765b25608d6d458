// The training loop. It knows no objective, no file and no terminal: an objective owns model and
// loss, and what happens around a step are closures.

import Foundation
import MoCaData
package import MoCaObjectives
package import MoCaRunLog
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
        /// Steps without an update that are passed over before the run stops.
        package var notFiniteBudget = 0
        /// Steps between two evaluations; nil for none. The last step is evaluated too.
        package var evaluateEverySteps: Int?
        /// The metric that the best checkpoint is chosen by.
        package var bestMetric: String?

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
        package var log: (MetricsRow) throws -> Void
        /// Saves everything; returns where.
        package var save: (TrainingState) throws -> String
        /// Keeps a step whose loss or gradient is not finite, before anything is updated; returns
        /// where. nil keeps none.
        package var keepFailure: ((PreparedStep<Goal.Batch>, Int) throws -> String)?
        /// Asked after each step: whether to save and stop.
        package var shouldStop: () -> Bool
        /// Told before a step is computed: what from, and its number.
        package var willStep: (PreparedStep<Goal.Batch>, Int) -> Void = { _, _ in }
        /// Told after each step, before it is logged: its number, and whether weights changed.
        package var didStep: (Int, Bool) throws -> Void = { _, _ in }
        /// Told what happens beside the steps.
        package var tell: (TrainingEvent) throws -> Void = { _ in }
        /// Scores the model as it is; nil when it was asked to stop.
        package var evaluate: (Int) throws -> [String: Double]? = { _ in [:] }
        /// Asked before each step: throws what went wrong in a save that is over.
        package var checkSaves: () throws -> Void = {}
        /// Keeps the last consistent state when an error ends the run; not one of a save or of
        /// `log`. A step that is not finite has changed nothing: the state before it is kept.
        package var rescue: (TrainingState) -> Void = { _ in }

        package init(
            log: @escaping (MetricsRow) throws -> Void,
            save: @escaping (TrainingState) throws -> String,
            keepFailure: ((PreparedStep<Goal.Batch>, Int) throws -> String)?,
            shouldStop: @escaping () -> Bool
        ) {
            (self.log, self.save) = (log, save)
            (self.keepFailure, self.shouldStop) = (keepFailure, shouldStop)
        }
    }

    package private(set) var state: TrainingState
    private let objective: Goal
    private let plan: Plan
    private let next: () throws -> PreparedStep<Goal.Batch>?
    private let hooks: Hooks
    private let collectives: any Collectives = SingleProcess()
    private var meter: ThroughputMeter
    /// Whether what is in memory is the state after a whole number of steps, and worth keeping.
    private var isWorthKeeping = false

    /// - Parameter next: the next step; nil when it was asked to stop while it waited.
    package init(
        _ objective: Goal, _ plan: Plan, state: TrainingState,
        next: @escaping () throws -> PreparedStep<Goal.Batch>?, hooks: Hooks
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
        do {
            try takeSteps()
        } catch {
            if isWorthKeeping { hooks.rescue(state) }
            throw error
        }
    }

    private mutating func takeSteps() throws {
        let total = plan.schedule.totalSteps
        // An earlier run was stopped while it evaluated; this one may be too.
        if state.isLogDue {
            try log()
            if state.isLogDue { throw try stopped() }
            // What it scored is judged where it would have been.
            if isSaveDue { _ = try save() }
        }
        while state.step < total {
            try withoutRescue(hooks.checkSaves)
            let start = ContinuousClock.now
            guard let prepared = try next() else { throw try stopped() }
            meter.waited += ContinuousClock.now - start
            meter.operations += prepared.operations
            hooks.willStep(prepared, state.step + 1)
            let isUpdated = try step(prepared)
            isWorthKeeping = true
            try hooks.didStep(state.step, isUpdated)
            if state.isLogDue { try log() }
            let isStopped = hooks.shouldStop() && (state.step < total || state.isLogDue)
            guard isStopped || isSaveDue else { continue }
            if isStopped { throw try stopped() }
            _ = try save()
        }
    }

    private var isSaveDue: Bool {
        state.step.isMultiple(of: plan.saveEverySteps) || state.step == plan.schedule.totalSteps
    }

    /// Saves, and says where.
    private mutating func stopped() throws -> TrainingError {
        .interrupted(step: state.step, checkpoint: state.step == 0 ? nil : try save())
    }

    private mutating func save() throws -> String {
        let start = ContinuousClock.now
        defer { meter.stalled += ContinuousClock.now - start }
        // What is saved, or cannot be, is not tried again.
        isWorthKeeping = false
        return try hooks.save(state)
    }

    /// Runs `body`, whose failure says that the state cannot be kept either.
    private mutating func withoutRescue(_ body: () throws -> Void) rethrows {
        let isWorthKeeping = isWorthKeeping
        self.isWorthKeeping = false
        try body()
        self.isWorthKeeping = isWorthKeeping
    }

    /// One update, or none when the loss or a gradient is not finite; returns which. Nothing has
    /// changed when none was made: the state stays worth keeping.
    private mutating func step(_ prepared: PreparedStep<Goal.Batch>) throws -> Bool {
        let parameters = plan.parameters.trainableParameters.map(\.tensor)
        let scale = beginScaledStep()
        defer { plan.parameters.context.place = nil }
        let (terms, norm) = try catchingTorchErrors {
            let terms = objective.step(prepared.batches, over: collectives)
            return (terms, GradientClipping.totalNorm(parameters) / scale)
        }
        if terms.loss.isFinite, skipsOverflow(norm) {
            advance(prepared, terms, nil)
            return false
        }
        guard terms.loss.isFinite, norm.isFinite else {
            try skip(prepared, terms, norm)
            return false
        }
        isWorthKeeping = false
        try catchingTorchErrors {
            let factor = GradientClipping.factor(norm: norm, maxNorm: plan.maxGradientNorm)
            plan.optimizer.step(
                learningRate: plan.schedule.rate(at: state.step), gradientFactor: factor / scale)
            plan.optimizer.clearGradients()
        }
        advance(prepared, terms, norm)
        isWorthKeeping = true
        let expected = state.spikes.expectation(of: terms.loss, subset: prepared.subset)
        guard let expected else { return true }
        try hooks.tell(
            TrainingEvent(
                step: state.step, kind: .lossSpike(expected: expected), loss: terms.loss,
                records: prepared.ids.map(\.description)))
        return true
    }

    /// Tells the model's layers and losses where the run is.
    ///
    /// - Returns: what losses are multiplied by.
    private mutating func beginScaledStep() -> Double {
        let context = plan.parameters.context
        if plan.parameters.dtype == .float16, state.lossScale == nil { state.lossScale = .init() }
        context.place = .init(step: state.step)
        context.lossScale = state.lossScale?.factor ?? 1
        return context.lossScale
    }

    /// Takes the step into the account of the loss's scale; whether it overflowed for that alone,
    /// and must not change anything.
    private mutating func skipsOverflow(_ norm: Double) -> Bool {
        guard var scale = state.lossScale, norm.isFinite || !scale.isExhausted else { return false }
        scale.update(isFinite: norm.isFinite)
        state.lossScale = scale
        if !norm.isFinite { plan.optimizer.clearGradients() }
        return !norm.isFinite
    }

    /// Passes over a step while the budget lasts: weights and moments stay, the data and the
    /// schedule go on.
    private mutating func skip(
        _ prepared: PreparedStep<Goal.Batch>, _ terms: LossTerms, _ norm: Double
    ) throws {
        plan.optimizer.clearGradients()
        let isKept = state.skippedStepCount < FailedStep.keptCount
        let isOver = state.skippedStepCount >= plan.notFiniteBudget
        let kept = isKept || isOver ? keep(prepared) : nil
        let records = prepared.ids.map(\.description)
        if isOver, let kept {
            throw TrainingError.notFinite(
                step: state.step + 1, loss: terms.loss, gradientNorm: norm, records: records,
                saved: kept)
        }
        state.skippedStepCount += 1
        count(prepared)
        try hooks.tell(
            TrainingEvent(
                step: state.step, kind: .notFinite(gradientNorm: norm, saved: kept),
                loss: terms.loss, records: records))
    }

    /// Keeps the batch and the weights. What is wrong with the step is told whether that goes well
    /// or not: a full disk hides nothing.
    private func keep(_ prepared: PreparedStep<Goal.Batch>) -> KeptStep {
        guard let keepFailure = hooks.keepFailure else { return .nothing }
        do {
            return .folder(try keepFailure(prepared, state.step + 1))
        } catch {
            return .failed(reason: error.localizedDescription)
        }
    }

    /// Goes past a step.
    private mutating func count(_ prepared: PreparedStep<Goal.Batch>) {
        state.step += 1
        state.sampleCount += prepared.ids.count
        state.tokenCount += prepared.tokenCount
        state.failureCount = prepared.failureCount
        state.truncation += prepared.truncation
        state.cursor = prepared.cursor
        // Set with the step: whatever goes wrong from here on, its line is still to be written.
        state.isLogDue =
            state.step.isMultiple(of: plan.logEverySteps)
            || state.step == plan.schedule.totalSteps || isEvaluated
    }

    /// - Parameter norm: of the gradient; nil when it overflowed.
    private mutating func advance(
        _ prepared: PreparedStep<Goal.Batch>, _ terms: LossTerms, _ norm: Double?
    ) {
        count(prepared)
        state.interval.steps += 1
        state.interval.loss += terms.loss
        if let norm {
            state.interval.gradientNorm += norm
        } else {
            state.interval.overflowedSteps = (state.interval.overflowedSteps ?? 0) + 1
        }
        if let fill = prepared.packingFill {
            var share = state.interval.packingFill ?? .init()
            (share.sum, share.count) = (share.sum + fill, share.count + 1)
            state.interval.packingFill = share
        }
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

    private var isEvaluated: Bool {
        guard let every = plan.evaluateEverySteps else { return false }
        return state.step.isMultiple(of: every) || state.step == plan.schedule.totalSteps
    }

    /// Evaluates where that is due, and reports; does neither when asked to stop meanwhile.
    private mutating func log() throws {
        let start = ContinuousClock.now
        guard let scores = isEvaluated ? try hooks.evaluate(state.step) : [:] else { return }
        let evaluated = ContinuousClock.now - start
        meter.pass(evaluated)
        let (waited, stalled) = (meter.waited / .seconds(1), meter.stalled / .seconds(1))
        let rates = meter.rates(state)
        let steps = state.interval.steps
        // Of no step, when all of them were passed over.
        let mean = { (sum: Double) in steps == 0 ? Double.nan : sum / Double(steps) }
        let normCount = steps - (state.interval.overflowedSteps ?? 0)
        var row = MetricsRow(state)
        row.loss = mean(state.interval.loss)
        row.terms = state.interval.terms.mapValues(mean)
        row.learningRate = plan.schedule.rate(at: state.step - 1)
        row.gradientNorm =
            normCount == 0 ? .nan : state.interval.gradientNorm / Double(normCount)
        row.weightNorm = try weightNorm()
        row.samplesPerSecond = rates.samples
        row.tokensPerSecond = rates.tokens
        row.mfu = plan.peakRate > 0 ? rates.operations / plan.peakRate : 0
        row.dataWaitSeconds = waited
        row.checkpointStallSeconds = stalled
        row.measureMemory(of: plan.parameters.device)
        if !scores.isEmpty {
            row.scores = scores
            row.evaluationSeconds = evaluated / .seconds(1)
        }
        try watch(row)
        state.interval = .init()
        state.isLogDue = false
        let append = hooks.log
        try withoutRescue { try append(row) }
    }

    /// The norm of all that is trained.
    private func weightNorm() throws -> Double {
        try catchingTorchErrors {
            totalNorm(plan.parameters.trainableParameters.map(\.tensor)).item()
        }
    }

    /// Takes over the value that the best checkpoint is chosen by.
    private mutating func watch(_ row: MetricsRow) throws {
        guard let name = plan.bestMetric else { return }
        let value = row.quantity(named: name)
        let isScore = name.hasPrefix(MetricsRow.scorePrefix)
        guard value != nil || isScore && !isEvaluated || row.loss.isNaN else {
            throw TrainingError.unknownMetric(name: name, known: row.quantityNames)
        }
        if let value, value.isFinite { state.watchedValue = value }
    }
}
