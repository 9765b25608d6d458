// A line of events.jsonl: an event of a run other than an ordinary step.

import Foundation

/// An event of a run other than an ordinary step, for logs and reports.
package struct RunEvent: Sendable, Hashable, Codable {
    /// Name of the file in a run folder.
    package static let fileName = "events.jsonl"

    /// The kind of an event; a file may hold kinds that this build does not know.
    package struct Kind: RawRepresentable, Sendable, Hashable, Codable {
        package var rawValue: String

        /// Creates a kind of any name.
        package init(rawValue: String) { self.rawValue = rawValue }

        /// The run continued from a checkpoint.
        package static let resumed = Kind(rawValue: "resumed")
        /// The loss was far above the losses before it.
        package static let lossSpike = Kind(rawValue: "loss_spike")
        /// A step was left out because its loss or its gradient was not finite.
        package static let notFinite = Kind(rawValue: "not_finite")
        /// Loss and gradient of a step are 0, and those of the step before were not.
        package static let nothingLearned = Kind(rawValue: "nothing_learned")
        /// The embeddings of a task became nearly equal.
        package static let collapse = Kind(rawValue: "collapse")
        /// The other processes of the run wait for one of them again and again.
        package static let straggler = Kind(rawValue: "straggler")
        /// An error ended the run.
        package static let stopped = Kind(rawValue: "stopped")
        /// A signal ended the run.
        package static let interrupted = Kind(rawValue: "interrupted")
        /// The last step is done.
        package static let finished = Kind(rawValue: "finished")
    }

    /// The step that the event belongs to.
    package var step: Int
    /// The kind of the event.
    package var kind: Kind
    /// A short description of the event.
    package var text: String?
    /// The loss of the step, for events about a loss.
    package var loss: Double?
    /// The loss that was expected, for a loss spike.
    package var expectedLoss: Double?
    /// The gradient norm of a step that is not finite.
    package var gradientNorm: Double?
    /// The folder in the run folder that the failed step was saved in.
    package var savedFolder: String?
    /// The reason why the failed step could not be saved.
    package var saveFailure: String?
    /// The records of the step; nil for an event that is not about a single step.
    package var records: [String]?

    /// Creates an event.
    package init(step: Int, kind: Kind, text: String?, records: [String]? = nil) {
        self.step = step
        self.kind = kind
        self.text = text
        self.records = records
    }

    private enum CodingKeys: String, CodingKey {
        case step, kind, text, loss, records
        case expectedLoss = "expected"
        case gradientNorm = "grad_norm"
        case savedFolder = "saved"
        case saveFailure = "not_saved"
    }

    /// The line of an event about a loss, with members in a fixed order and null for non-finite
    /// numbers; nil for other events, whose line is their default encoding.
    package var lossLine: String? {
        guard let loss else { return nil }
        var line = JSONLine()
        line.add(CodingKeys.step.rawValue, step)
        line.add(CodingKeys.kind.rawValue, kind.rawValue)
        line.add(CodingKeys.text.rawValue, text ?? "")
        line.add(CodingKeys.loss.rawValue, loss)
        if let expectedLoss { line.add(CodingKeys.expectedLoss.rawValue, expectedLoss) }
        if let gradientNorm { line.add(CodingKeys.gradientNorm.rawValue, gradientNorm) }
        if let savedFolder { line.add(CodingKeys.savedFolder.rawValue, savedFolder) }
        if let saveFailure { line.add(CodingKeys.saveFailure.rawValue, saveFailure) }
        line.add(CodingKeys.records.rawValue, records ?? [])
        return line.text
    }
}
