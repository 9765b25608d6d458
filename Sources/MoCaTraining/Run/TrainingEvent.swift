// What happens in a run beside its steps: one line for people, one of events.jsonl.

import Foundation

/// A loss that stands out, or a step without an update.
package struct TrainingEvent: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        /// A loss far above those before.
        case lossSpike(expected: Double)
        /// A loss or a gradient that is not finite; the batch was kept in `saved`, if it was.
        case notFinite(gradientNorm: Double, saved: String?)
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
            // The name only: a run folder may move.
            if let saved {
                fields.append(
                    ("saved", StepReport.quoted(URL(filePath: saved).lastPathComponent)))
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
            let place = saved.map { "; the batch and the weights are in \($0)" } ?? ""
            return "warning: no update (step \(step)): loss \(loss) and gradient norm \(norm) are "
                + "not both finite\(place); its records are \(shown)"
        }
    }
}
