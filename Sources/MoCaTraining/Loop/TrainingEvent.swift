// Events of a run: a message for users and a line of events.jsonl.

import Foundation
import MoCaCore
package import MoCaRunLog

/// The outcome of dumping the batch and weights of a non-finite step.
package enum KeptStep: Sendable, Hashable, CustomStringConvertible {
    /// Saved in this folder, for `moca replay`.
    case folder(String)
    /// Could not be written.
    case failed(reason: String)
    /// Not to be kept in this run.
    case nothing

    package var description: String {
        switch self {
        case .folder(let path): "the batch and the weights are in \(path)"
        case .failed(let reason): "the batch and the weights could not be kept, for \(reason)"
        case .nothing: "the batch and the weights are not kept"
        }
    }

    /// The value with the folder's last path component only, because a run folder may move.
    var named: KeptStep {
        guard case .folder(let path) = self else { return self }
        return .folder(URL(filePath: path).lastPathComponent)
    }
}

/// A loss spike, or a step without an update.
package struct TrainingEvent: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// A loss far above the preceding ones.
        case lossSpike(expected: Double)
        /// A loss or gradient that is not finite; `saved` is nil if no attempt was made to keep the
        /// batch.
        case notFinite(gradientNorm: Double, saved: KeptStep?)
        /// Loss and gradient are 0, such as when every negative of a batch is masked; logged once for
        /// a series of such steps.
        case nothingLearned
    }

    package var step: Int
    package var kind: Kind
    package var loss: Double
    /// The records of the step.
    package var records: [String]

    /// The event as a line of `events.jsonl`.
    package var logged: RunEvent {
        var event: RunEvent
        switch kind {
        case .lossSpike(let expected):
            event = RunEvent(step: step, kind: .lossSpike, text: text, records: records)
            event.expectedLoss = expected
        case .nothingLearned:
            event = RunEvent(step: step, kind: .nothingLearned, text: text, records: records)
        case .notFinite(let norm, let saved):
            event = RunEvent(step: step, kind: .notFinite, text: text, records: records)
            event.gradientNorm = norm
            switch saved?.named {
            case .folder(let name): event.savedFolder = name
            case .failed(let reason): event.saveFailure = reason
            case .nothing, nil: break
            }
        }
        event.loss = loss
        return event
    }

    /// A short description of the event.
    private var text: String {
        switch kind {
        case .lossSpike(let expected):
            "loss \(Self.short(loss)), \(Self.short(expected)) was expected"
        case .nothingLearned: "loss and gradient are 0: nothing is learned"
        case .notFinite(let norm, _): "loss \(loss), gradient norm \(norm): no update"
        }
    }

    /// The message for users.
    package var line: String {
        let shown = TrainingError.list(records)
        switch kind {
        case .lossSpike(let expected):
            return
                "warning: loss spike (step \(step)): loss \(Self.short(loss)), "
                + "\(Self.short(expected)) was expected; its records are \(shown)"
        case .nothingLearned:
            return "warning: nothing is learned (step \(step)): loss and gradient are 0; in "
                + "contrastive training no query has a negative that is not masked; its records are "
                + shown
        case .notFinite(let norm, let saved):
            let place = saved.map { "; \($0)" } ?? ""
            return "warning: no update (step \(step)): loss \(loss) and gradient norm \(norm) are "
                + "not both finite\(place); its records are \(shown)"
        }
    }

    private static func short(_ loss: Double) -> String { NumberText.decimal(loss, digits: 4) }
}
