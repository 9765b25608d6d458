// Monitors the health of a run's embeddings: chooses the steps to examine and writes the log.

import MoCaData
import MoCaModel
import MoCaObjectives
import MoCaRunLog
import Torch

/// Monitors the embeddings of a contrastive objective at regular steps.
final class HealthMonitor {
    private let everySteps: Int
    private let totalSteps: Int
    private let log: StepLog
    private let events: EventLog
    /// The current step; nil when it is not examined.
    private var prepared: PreparedStep<ContrastiveBatch>?
    private var observations: [HealthObservation] = []
    /// The tasks whose collapse was reported; it is reported again after a recovery.
    private var collapsed: Set<String> = []

    /// Creates a monitor that resumes from the rows of the log.
    ///
    /// - Parameters:
    ///   - everySteps: The number of steps between two examined steps; 0 examines none.
    ///   - log: The log, with the rows that an earlier process wrote.
    /// - Throws: `TrainingError.cannotWrite`.
    init(everySteps: Int, totalSteps: Int, log: StepLog, events: EventLog) throws {
        self.everySteps = everySteps
        self.totalSteps = totalSteps
        self.log = log
        self.events = events
        for row in try log.rows(HealthRow.self) {
            if row.collapse == nil {
                collapsed.remove(row.task)
            } else {
                collapsed.insert(row.task)
            }
        }
    }

    /// Prepares for a step that is about to be computed.
    func begin(_ step: PreparedStep<ContrastiveBatch>, number: Int) {
        observations = []
        let isExamined =
            everySteps > 0 && (number.isMultiple(of: everySteps) || number == totalSteps)
        prepared = isExamined ? step : nil
    }

    /// Adds a scored batch of the current step. Batches must be added in order.
    func observe(_ observation: ContrastiveObservation) {
        guard let prepared else { return }
        let first = observations.reduce(0) { $0 + $1.ids.count }
        let count = observation.queries.shape[0]
        guard first + count <= prepared.ownIDs.count else { return }
        // Image flags exist per batch; they do not apply if several batches are scored at once.
        let batch =
            observations.count < prepared.batches.count
            ? prepared.batches[observations.count] : nil
        observations.append(
            HealthObservation(
                observation, ids: Array(prepared.ownIDs[first..<first + count]),
                hasImage: batch.map(\.hasImage) ?? []))
    }

    /// Writes the rows of a finished step, unless the step was skipped, in which case its vectors
    /// may not be finite.
    ///
    /// - Throws: `TrainingError.cannotWrite`, `TorchError`.
    func end(step: Int, isUpdated: Bool) throws {
        guard prepared != nil else { return }
        guard isUpdated else {
            (prepared, observations) = (nil, [])
            return
        }
        let results = try catchingTorchErrors {
            withoutGradient { HealthScore.results(observations, step: step) }
        }
        (prepared, observations) = (nil, [])
        for result in results {
            let row = result.row
            try log.append(row: row)
            let folder = "health/\(row.task)"
            try events.draw(
                row.eventValues + [
                    ("\(folder)/positive", .histogram(result.positive)),
                    ("\(folder)/negative", .histogram(result.negative)),
                ], step: step)
            guard let collapse = row.collapse else {
                collapsed.remove(row.task)
                continue
            }
            if collapsed.insert(row.task).inserted {
                try events.report(RunEvent(step: step, kind: .collapse, text: collapse))
            }
        }
    }
}

extension ContrastiveBatch {
    /// Whether each query, positive and negative has an image.
    var hasImage: [Bool] {
        let flags = pieces.flatMap { piece in
            (0..<piece.sequenceCount).map { !piece.images(of: $0).isEmpty }
        }
        return sequences.map { flags[$0] }
    }
}
