// events.jsonl of a run folder: what happened beside ordinary steps, for people and for reports.

/// Notes what happens, and tells it.
package final class RunJournal {
    /// Name of the file in a run folder.
    package static let fileName = "events.jsonl"

    /// What may happen.
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// The run went on from a checkpoint.
        case resumed
        /// The loss was far above what it had been.
        case lossSpike = "loss_spike"
        /// A step changed nothing, for its loss or gradient was not finite.
        case notFinite = "not_finite"
        /// Vectors tell nothing apart any more.
        case collapse
        /// An error ended the run.
        case stopped
        /// A signal ended the run.
        case interrupted
        /// The last step is done.
        case finished
    }

    /// One line.
    private struct Line: Codable {
        var step: Int
        var kind: Kind
        var text: String
        /// Of the step that it is about; nil where it is about none.
        var records: [String]?
    }

    private let log: StepLog
    private let say: (String) -> Void
    /// Where values are drawn for TensorBoard; nil for nowhere.
    var events: EventFile?

    init(_ log: StepLog, say: @escaping (String) -> Void) {
        (self.log, self.say) = (log, say)
    }

    /// Opens the file.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func open() throws { try log.open() }

    /// What happened last.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func lastKind() throws -> Kind? { try log.rows(Line.self).last?.kind }

    /// Writes a line to the file, and says it unless `isSilent`.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    package func note(
        _ kind: Kind, step: Int, _ text: String, records: [String]? = nil, isSilent: Bool = false
    ) throws {
        try log.append(row: Line(step: step, kind: kind, text: text, records: records))
        if !isSilent { say("step \(step): \(kind.rawValue): \(text)") }
    }

    /// Writes what happened to a step, and says it.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func note(_ event: TrainingEvent) throws {
        try log.append(event.jsonLine)
        say(event.line)
    }
}
