// What happens in a run beside its steps: one line for people, one of events.jsonl.

import Foundation

/// What became of the batch and the weights of a step that is not finite.
package enum KeptStep: Sendable, Hashable, CustomStringConvertible {
    /// They are in this folder, for `moca replay`.
    case folder(String)
    /// They could not be written.
    case failed(reason: String)
    /// They were not to be kept.
    case nothing

    package var description: String {
        switch self {
        case .folder(let path): "the batch and the weights are in \(path)"
        case .failed(let reason): "the batch and the weights could not be kept, for \(reason)"
        case .nothing: "the batch and the weights are not kept"
        }
    }

    /// With the folder's name alone, for a run folder may move.
    var named: KeptStep {
        guard case .folder(let path) = self else { return self }
        return .folder(URL(filePath: path).lastPathComponent)
    }
}

/// A loss that stands out, or a step without an update.
package struct TrainingEvent: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// A loss far above those before.
        case lossSpike(expected: Double)
        /// A loss or a gradient that is not finite; `saved` is nil where keeping the batch was not
        /// tried.
        case notFinite(gradientNorm: Double, saved: KeptStep?)
    }

    package var step: Int
    package var kind: Kind
    package var loss: Double
    /// The records of the step.
    package var records: [String]

    /// The line of `events.jsonl`, without its end.
    package var jsonLine: String {
        var fields = [
            ("step", "\(step)"), ("kind", StepReport.quoted(name.rawValue)),
            ("text", StepReport.quoted(text)),
            ("loss", StepReport.json(loss)),
        ]
        switch kind {
        case .lossSpike(let expected): fields.append(("expected", StepReport.json(expected)))
        case .notFinite(let norm, let saved):
            fields.append(("grad_norm", StepReport.json(norm)))
            switch saved?.named {
            case .folder(let name): fields.append(("saved", StepReport.quoted(name)))
            case .failed(let reason): fields.append(("not_saved", StepReport.quoted(reason)))
            case .nothing, nil: break
            }
        }
        let names = records.map(StepReport.quoted).joined(separator: ", ")
        fields.append(("records", "[\(names)]"))
        return "{\(fields.map { "\"\($0.0)\": \($0.1)" }.joined(separator: ", "))}"
    }

    private var name: RunJournal.Kind {
        switch kind {
        case .lossSpike: .lossSpike
        case .notFinite: .notFinite
        }
    }

    /// What happened, in few words.
    private var text: String {
        switch kind {
        case .lossSpike(let expected):
            "loss \(StepReport.decimals(loss, 4)), \(StepReport.decimals(expected, 4)) was expected"
        case .notFinite(let norm, _): "loss \(loss), gradient norm \(norm): no update"
        }
    }

    /// The line for people.
    package var line: String {
        let shown = TrainingError.list(records)
        switch kind {
        case .lossSpike(let expected):
            return "warning: loss spike (step \(step)): loss \(StepReport.decimals(loss, 4)), "
                + "\(StepReport.decimals(expected, 4)) was expected; its records are \(shown)"
        case .notFinite(let norm, let saved):
            let place = saved.map { "; \($0)" } ?? ""
            return "warning: no update (step \(step)): loss \(loss) and gradient norm \(norm) are "
                + "not both finite\(place); its records are \(shown)"
        }
    }
}
