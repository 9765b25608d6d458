// The delegate of a training loop: data, files, evaluation and messages.

package import MoCaRunLog

/// A type that supplies a trainer with steps and is notified of their outcome.
package protocol TrainerDelegate<Batch> {
    /// One micro-batch.
    associatedtype Batch

    /// Returns the next step; nil if a stop was requested while waiting for data.
    func nextStep() throws -> PreparedStep<Batch>?

    /// Called before each step with its batches and step number.
    func willStep(_ prepared: PreparedStep<Batch>, number: Int)

    /// Called after each step, before it is logged.
    ///
    /// - Parameter isUpdated: Whether the step changed the weights.
    func didStep(_ number: Int, isUpdated: Bool) throws

    /// Returns whether the run should be saved and ended. Called after each step.
    func shouldStop() -> Bool

    /// Scores the current model; nil if a stop was requested meanwhile.
    func evaluate(at step: Int) throws -> [String: Double]?

    /// Writes the metrics row of a logged step.
    func log(_ row: MetricsRow) throws

    /// Records an event outside the metrics rows.
    func note(_ event: TrainingEvent) throws

    /// Records that the other ranks wait for one of them. Called on all ranks.
    func note(_ straggler: Straggler, at step: Int) throws

    /// Saves everything that a resumed run needs, and returns the folder's path.
    func save(_ state: TrainingState) throws -> String

    /// Throws the error of an earlier save that failed in the background.
    func checkSaves() throws

    /// Writes the batches of a step whose loss or gradient is not finite, before any update, and
    /// returns the folder's path; nil if such steps are not kept.
    func dump(_ prepared: PreparedStep<Batch>, number: Int) throws -> String?

    /// Saves the last consistent state of a run that ends with an error. Not called if saving or
    /// logging failed. A non-finite step changes nothing, so the state before it is saved.
    ///
    /// - Parameter withAllRanks: Whether this is called on all ranks of the run.
    func rescue(_ state: TrainingState, withAllRanks: Bool)
}

extension TrainerDelegate {
    package func willStep(_ prepared: PreparedStep<Batch>, number: Int) {}
    package func didStep(_ number: Int, isUpdated: Bool) throws {}
    package func shouldStop() -> Bool { false }
    package func evaluate(at step: Int) throws -> [String: Double]? { [:] }
    package func note(_ event: TrainingEvent) throws {}
    package func note(_ straggler: Straggler, at step: Int) throws {}
    package func checkSaves() throws {}
    package func dump(_ prepared: PreparedStep<Batch>, number: Int) throws -> String? { nil }
    package func rescue(_ state: TrainingState, withAllRanks: Bool) {}
}
