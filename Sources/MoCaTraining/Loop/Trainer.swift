// The training loop. It is independent of files and terminals: a task (an objective) owns the model
// and the loss, and a delegate supplies data, saves, evaluates and logs.

import Foundation
package import MoCaObjectives
import MoCaProcessing
package import NN
package import Torch

/// Trains a task to the last step.
///
///     var trainer = Trainer(task: objective, plan: plan, state: state, delegate: delegate)
///     try trainer.run()
package struct Trainer<Task: Objective> {
    /// The settings of the loop.
    package struct Plan {
        package var optimizer: RankedAdamW
        package var parameters: ParameterStore
        package var schedule: LearningRateSchedule
        package var maxGradientNorm: Double
        package var logEverySteps: Int
        package var saveEverySteps: Int
        /// The device's peak rate of matrix products in FLOPs per second; 0 if unknown.
        package var peakRate = 0.0
        /// The number of steps with a non-finite loss or gradient that are skipped before the run
        /// stops.
        package var notFiniteBudget = 0
        /// The number of steps between two evaluations; nil for none. If set, the last step is also
        /// evaluated.
        package var evaluateEverySteps: Int?
        /// The metric that selects the best checkpoint.
        package var bestMetric: String?

        package init(
            optimizer: RankedAdamW, parameters: ParameterStore, schedule: LearningRateSchedule,
            maxGradientNorm: Double, logEverySteps: Int, saveEverySteps: Int
        ) {
            self.optimizer = optimizer
            self.parameters = parameters
            self.schedule = schedule
            self.maxGradientNorm = maxGradientNorm
            self.logEverySteps = logEverySteps
            self.saveEverySteps = saveEverySteps
        }
    }

    package internal(set) var state: TrainingState
    let task: Task
    let plan: Plan
    let delegate: any TrainerDelegate<Task.Batch>
    let collectives: any Collectives
    var meter: ThroughputMeter
    var stragglers = StragglerWatch()
    /// Whether memory holds the consistent, unsaved state after a completed step.
    var isWorthKeeping = false
    /// Whether loss and gradient of the last step were 0.
    var wasIdle = false
    /// Whether a stop of this process was requested after the last step.
    private var isStopRequested = false
    /// Whether the error that ends the run is known to all ranks, which end at the same step.
    private var endsTogether = false
    /// The newest checkpoint of this run.
    private var saved: (step: Int, path: String)?

    /// Creates a trainer that continues from `state`.
    package init(
        task: Task, plan: Plan, state: TrainingState,
        delegate: any TrainerDelegate<Task.Batch>,
        collectives: any Collectives = SingleProcess()
    ) {
        self.task = task
        self.plan = plan
        self.state = state
        self.delegate = delegate
        self.collectives = collectives
        meter = ThroughputMeter(state, exchangeTime: collectives.exchangeTime)
    }

    /// Trains until the last step.
    ///
    /// - Throws: `TrainingError.notFinite`, `.interrupted`, `.otherProcessFailed`; errors of the
    ///   delegate; `TorchError`.
    package mutating func run() throws {
        do {
            try takeSteps()
        } catch {
            if isWorthKeeping { delegate.rescue(state, withAllRanks: endsTogether) }
            throw error
        }
    }

    private mutating func takeSteps() throws {
        // An earlier run was interrupted during its evaluation.
        if state.isLogDue {
            try log()
            // The scores select the best checkpoint, as they would have done then.
            if !state.isLogDue, isSaveDue { try save() }
        }
        while let (prepared, verdict) = try nextStep() {
            meter.operations += verdict.operations / Double(collectives.worldSize)
            delegate.willStep(prepared, number: state.step + 1)
            let isUpdated = try update(with: prepared, verdict: verdict)
            isWorthKeeping = true
            try delegate.didStep(state.step, isUpdated: isUpdated)
            if state.isLogDue { try log() }
            isStopRequested = delegate.shouldStop()
            if isSaveDue { try save() }
        }
    }

    /// Returns the next step and the verdict of all ranks; nil after the last step.
    private mutating func nextStep() throws -> (PreparedStep<Task.Batch>, StepVerdict)? {
        let isDone = state.step >= plan.schedule.totalSteps
        var verdict = StepVerdict(isStopRequested: state.isLogDue || isStopRequested && !isDone)
        var prepared: PreparedStep<Task.Batch>?
        var failure: (any Error)?
        if !isDone, !verdict.isStopRequested {
            do {
                prepared = try waitForData()
                verdict.isStopRequested = prepared == nil
                verdict.tokenCount = prepared?.tokenCount ?? 0
                verdict.operations = prepared?.operations ?? 0
                verdict.truncation = prepared?.truncation ?? Truncated()
            } catch {
                failure = error
                verdict.hasFailed = true
            }
        }
        verdict.hasNothingToKeep = !isWorthKeeping
        verdict = try catchingTorchErrors { verdict.agreed(over: collectives) }
        endsTogether = verdict.hasFailed && !verdict.hasNothingToKeep
        if let failure { throw failure }
        if verdict.hasFailed { throw TrainingError.otherProcessFailed(step: state.step + 1) }
        if verdict.isStopRequested { throw try interrupted() }
        if let prepared { try checkIsSame(prepared) }
        return prepared.map { ($0, verdict) }
    }

    /// Checks that all ranks have drawn the same samples, from which each has its slice.
    private func checkIsSame(_ prepared: PreparedStep<Task.Batch>) throws {
        guard collectives.worldSize > 1 else { return }
        let digest = ContentFingerprint.number(of: prepared.ids.map(\.description))
        let all = try catchingTorchErrors { collectives.gather([digest]) }
        guard let rank = all.firstIndex(where: { $0 != all[0] }) else { return }
        throw RankError.mismatch(
            reason: "rank \(rank) has drawn other samples than rank 0 for step \(state.step + 1)",
            remedy:
                "see that all hosts read the same data; a record that only one of them can read "
                + "is left out by the others")
    }

    private mutating func waitForData() throws -> PreparedStep<Task.Batch>? {
        try withoutRescue(delegate.checkSaves)
        let start = ContinuousClock.now
        defer { meter.waited += ContinuousClock.now - start }
        return try delegate.nextStep()
    }

    // MARK: Saving

    private var isSaveDue: Bool {
        state.step.isMultiple(of: plan.saveEverySteps) || state.step == plan.schedule.totalSteps
    }

    /// Saves the state if it is not saved yet, and returns the error that names the checkpoint.
    private mutating func interrupted() throws -> TrainingError {
        if state.step > 0, saved?.step != state.step { try save() }
        return .interrupted(step: state.step, checkpoint: saved?.path)
    }

    private mutating func save() throws {
        let start = ContinuousClock.now
        defer { meter.stalled += ContinuousClock.now - start }
        // A state that is already saved, or cannot be saved, needs no rescue.
        isWorthKeeping = false
        saved = (state.step, try delegate.save(state))
    }

    /// Runs `body`. If it throws, the state is not rescued, because that would fail as well.
    mutating func withoutRescue(_ body: () throws -> Void) rethrows {
        let isWorthKeeping = isWorthKeeping
        self.isWorthKeeping = false
        try body()
        self.isWorthKeeping = isWorthKeeping
    }
}
