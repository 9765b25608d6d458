// A delegate whose answers are closures.

import MoCaRunLog
@testable import MoCaTraining

final class TestDelegate<Batch>: TrainerDelegate {
    private let next: () throws -> PreparedStep<Batch>?
    var onStep: (Int, Bool) throws -> Void = { _, _ in }
    var onShouldStop: () -> Bool = { false }
    var onLog: (MetricsRow) throws -> Void = { _ in }
    var onNote: (TrainingEvent) throws -> Void = { _ in }
    var onSave: (TrainingState) throws -> Void = { _ in }
    var onCheckSaves: () throws -> Void = {}
    var onDump: (PreparedStep<Batch>, Int) throws -> String? = { _, _ in "" }
    var onRescue: (TrainingState) -> Void = { _ in }

    init(next: @escaping () throws -> PreparedStep<Batch>?) {
        self.next = next
    }

    func nextStep() throws -> PreparedStep<Batch>? { try next() }
    func didStep(_ number: Int, isUpdated: Bool) throws { try onStep(number, isUpdated) }
    func shouldStop() -> Bool { onShouldStop() }
    func log(_ report: MetricsRow) throws { try onLog(report) }
    func note(_ event: TrainingEvent) throws { try onNote(event) }
    func save(_ state: TrainingState) throws -> String {
        try onSave(state)
        return "checkpoint-\(state.step)"
    }
    func checkSaves() throws { try onCheckSaves() }
    func dump(_ prepared: PreparedStep<Batch>, number: Int) throws -> String? {
        try onDump(prepared, number)
    }
    func rescue(_ state: TrainingState, withAllRanks: Bool) { onRescue(state) }
}
