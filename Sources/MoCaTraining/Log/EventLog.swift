// events.jsonl of a run folder, and the values for TensorBoard that go with it.

package import MoCaRunLog

/// The log of what happens beside ordinary steps, which also tells people about it.
package final class EventLog {
    private let log: StepLog
    private let say: (String) -> Void
    /// The file of values for TensorBoard; nil when there is none.
    var eventFile: EventFile?

    init(_ log: StepLog, say: @escaping (String) -> Void) {
        self.log = log
        self.say = say
    }

    /// Opens the file.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func open() throws { try log.open() }

    /// The kind of the last event.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func lastKind() throws -> RunEvent.Kind? { try log.rows(RunEvent.self).last?.kind }

    /// Appends an event without telling it.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func append(_ event: RunEvent) throws {
        if let line = event.lossLine {
            try log.append(line)
        } else {
            try log.append(row: event)
        }
    }

    /// Appends an event, and tells it.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    package func report(_ event: RunEvent) throws {
        try append(event)
        say("step \(event.step): \(event.kind.rawValue): \(event.text ?? "")")
    }

    /// Appends what happened to a step, and tells it.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func report(_ event: TrainingEvent) throws {
        try append(event.logged)
        say(event.line)
    }

    /// Writes values for TensorBoard, where the run has such a file.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func draw(_ values: [(tag: String, value: EventValue)], step: Int) throws {
        guard let eventFile else { return }
        try RunFile.naming(eventFile.url) { try eventFile.append(values, step: step) }
    }
}
