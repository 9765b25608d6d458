// The log `events.jsonl` of a run folder, and its TensorBoard values.

package import MoCaRunLog

/// The log of events other than ordinary steps, which also reports them to the user.
package final class EventLog {
    private let log: StepLog
    private let say: (String) -> Void
    /// The TensorBoard event file; nil if the run does not write one.
    var eventFile: EventFile?

    init(_ log: StepLog, say: @escaping (String) -> Void) {
        self.log = log
        self.say = say
    }

    /// Opens the file.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func open() throws { try log.open() }

    /// Returns the kind of the last event.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func lastKind() throws -> RunEvent.Kind? { try log.rows(RunEvent.self).last?.kind }

    /// Appends an event without reporting it to the user.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func append(_ event: RunEvent) throws {
        if let line = event.lossLine {
            try log.append(line)
        } else {
            try log.append(row: event)
        }
    }

    /// Appends an event and reports it to the user.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    package func report(_ event: RunEvent) throws {
        try append(event)
        say("step \(event.step): \(event.kind.rawValue): \(event.text ?? "")")
    }

    /// Appends the event of a step and reports it to the user.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func report(_ event: TrainingEvent) throws {
        try append(event.logged)
        say(event.line)
    }

    /// Writes TensorBoard values if the run has an event file.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func draw(_ values: [(tag: String, value: EventValue)], step: Int) throws {
        guard let eventFile else { return }
        try RunFile.naming(eventFile.url) { try eventFile.append(values, step: step) }
    }
}
