// What happens around the steps of a training loop: data, files, evaluation and messages.

/// Supplies a trainer with steps, and is told what becomes of them.
package protocol TrainerDelegate<Batch> {
    /// One micro-batch.
    associatedtype Batch

    /// Returns the next step; nil when the run was asked to stop while it waited for data.
    func nextStep() throws -> PreparedStep<Batch>?

    /// Called before a step is computed.
    func willStep(_ prepared: PreparedStep<Batch>, number: Int)

    /// Called after each step, before it is logged.
    ///
    /// - Parameter isUpdated: Whether the step changed the weights.
    func didStep(_ number: Int, isUpdated: Bool) throws

    /// Returns whether the run is to be saved and ended. The trainer asks after each step.
    func shouldStop() -> Bool

    /// Scores the model as it is; nil when the run was asked to stop meanwhile.
    func evaluate(at step: Int) throws -> [String: Double]?

    /// Writes the report of a logged step.
    func log(_ report: StepReport) throws

    /// Records an event beside the steps.
    func note(_ event: TrainingEvent) throws

    /// Saves everything that a resumed run needs, and returns the folder's path.
    func save(_ state: TrainingState) throws -> String

    /// Throws the error of an earlier save that failed in the background.
    func checkSaves() throws

    /// Writes the batches of a step whose loss or gradient is not finite, before anything is
    /// updated, and returns the folder's path; nil where such steps are not kept.
    func dump(_ prepared: PreparedStep<Batch>, number: Int) throws -> String?

    /// Saves the last consistent state of a run that ends with an error. Not called when saving or
    /// logging failed. A step that is not finite changes nothing: the state before it is saved.
    func rescue(_ state: TrainingState)
}

extension TrainerDelegate {
    package func willStep(_ prepared: PreparedStep<Batch>, number: Int) {}
    package func didStep(_ number: Int, isUpdated: Bool) throws {}
    package func shouldStop() -> Bool { false }
    package func evaluate(at step: Int) throws -> [String: Double]? { [:] }
    package func note(_ event: TrainingEvent) throws {}
    package func checkSaves() throws {}
    package func dump(_ prepared: PreparedStep<Batch>, number: Int) throws -> String? { nil }
    package func rescue(_ state: TrainingState) {}
}
