// The health panel of a run: which steps are looked at, and where it is written.

import MoCaData
import MoCaModel
import MoCaObjectives
import Torch

/// Watches a contrastive objective at some of its steps.
final class HealthMonitor {
    private let everySteps: Int
    private let totalSteps: Int
    private let log: StepLog
    private let journal: RunJournal
    /// What the step at hand was prepared from; nil when it is not looked at.
    private var prepared: PreparedStep<ContrastiveBatch>?
    private var observations: [HealthObservation] = []
    /// Tasks whose collapse was told; it is told again when they had recovered in between.
    private var collapsed: Set<String> = []

    /// - Parameters:
    ///   - everySteps: 0 looks at none.
    ///   - log: holds the panels that an earlier process wrote.
    /// - Throws: `TrainingError.cannotWrite`.
    init(everySteps: Int, totalSteps: Int, log: StepLog, journal: RunJournal) throws {
        (self.everySteps, self.totalSteps) = (everySteps, totalSteps)
        (self.log, self.journal) = (log, journal)
        for panel in try log.rows(HealthPanel.self) {
            if panel.collapse == nil {
                collapsed.remove(panel.task)
            } else {
                collapsed.insert(panel.task)
            }
        }
    }

    /// A step is about to be computed.
    func begin(_ step: PreparedStep<ContrastiveBatch>, number: Int) {
        observations = []
        let isSeen =
            everySteps > 0 && (number.isMultiple(of: everySteps) || number == totalSteps)
        prepared = isSeen ? step : nil
    }

    /// A batch of the step was scored; batches come in their order.
    func observe(_ observation: ContrastiveObservation) {
        guard let prepared else { return }
        let first = observations.reduce(0) { $0 + $1.ids.count }
        let count = observation.queries.shape[0]
        guard first + count <= prepared.ids.count else { return }
        // Flags are of whole batches; an objective that scores several at once has no use for them.
        let batch =
            observations.count < prepared.batches.count
            ? prepared.batches[observations.count] : nil
        observations.append(
            HealthObservation(
                observation, ids: Array(prepared.ids[first..<first + count]),
                hasImage: batch.map(\.hasImage) ?? []))
    }

    /// The step is done: writes its panels, unless it changed nothing, for then its vectors may
    /// not be numbers.
    ///
    /// - Throws: `TrainingError.cannotWrite`, `TorchError`.
    func end(step: Int, isUpdated: Bool) throws {
        guard prepared != nil else { return }
        guard isUpdated else {
            (prepared, observations) = (nil, [])
            return
        }
        let results = try catchingTorchErrors {
            withoutGradient { HealthScore.panels(observations, step: step) }
        }
        (prepared, observations) = (nil, [])
        for result in results {
            try log.append(row: result.panel)
            let folder = "health/\(result.panel.task)"
            try journal.events?.append(
                result.panel.eventValues + [
                    ("\(folder)/positive", .histogram(result.positive)),
                    ("\(folder)/negative", .histogram(result.negative)),
                ], step: step)
            guard let collapse = result.panel.collapse else {
                collapsed.remove(result.panel.task)
                continue
            }
            if collapsed.insert(result.panel.task).inserted {
                try journal.note(.collapse, step: step, collapse)
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
