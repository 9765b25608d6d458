// Data, logs, checkpoints and evaluation around the steps of a recipe's run.

import MoCaTables
import Foundation
import MoCaModel
import MoCaObjectives
import MoCaRanks
import MoCaRunLog
import NN
import Torch

/// A trainer delegate that handles the data, logs, checkpoints and evaluation of a run.
struct RunDelegate<Source: StepBatches>: TrainerDelegate {
    typealias Batch = Source.Batch

    /// Writes one micro-batch of a failed step into a file.
    typealias BatchWriter = (FailureDump, Batch, URL) throws -> Void

    let run: TrainingRun
    let context: TrainingRun.Context
    /// The model that evaluations score.
    let model: EmbeddingModel
    let prefetcher: Prefetcher<Source>
    let watch: StepWatch<Batch>
    let write: BatchWriter

    // MARK: Steps

    func nextStep() throws -> PreparedStep<Batch>? {
        try prefetcher.next(unless: run.shouldStop)
    }

    func willStep(_ prepared: PreparedStep<Batch>, number: Int) {
        watch.will(prepared, number)
    }

    func didStep(_ number: Int, isUpdated: Bool) throws {
        context.logger.lastStep = number
        run.onStep(number)
        try watch.did(number, isUpdated)
    }

    func shouldStop() -> Bool { run.shouldStop() }

    // MARK: Reports

    /// Scores the weights that the run would save: the averages if it keeps them.
    func evaluate(at step: Int) throws -> [String: Double]? {
        guard let evaluate = run.evaluate else { return [:] }
        let trained = TrainedModel(
            model: model, processor: context.start.processor,
            contract: context.start.files.contract)
        return try context.optimizer.withAverages {
            try run.fromFirst("evaluation/\(step)") { try evaluate(trained, step) }
        }
    }

    func log(_ row: MetricsRow) throws {
        guard run.isFirst else { return }
        try context.logger.append(row)
        run.say(row.line(totalSteps: run.recipe.schedule.totalSteps))
        try run.onLog(row)
    }

    func note(_ event: TrainingEvent) throws {
        if run.isFirst { try context.logger.events.report(event) }
    }

    func note(_ straggler: Straggler, at step: Int) throws {
        guard run.isFirst else { return }
        let text = straggler.text(host: run.team?.members[straggler.rank].host)
        try context.logger.events.report(RunEvent(step: step, kind: .straggler, text: text))
    }

    // MARK: Files

    func save(_ state: TrainingState) throws -> String {
        try context.saver.save(state).path
    }

    func checkSaves() throws {
        try context.saver.check()
    }

    func dump(_ prepared: PreparedStep<Batch>, number: Int) throws -> String? {
        guard !run.keepsNothing, run.isFirst else { return nil }
        let (recipe, start) = (run.recipe, context.start)
        return try FailureDump(
            recipe, step: number, records: prepared.ids.map(\.description),
            FailureDump.Conditions(recipe, start.model.store, step: number)
        ).keep(prepared, start, in: recipe.outputFolder, write)
    }

    func rescue(_ state: TrainingState, withAllRanks: Bool) {
        guard !run.keepsNothing else { return }
        guard withAllRanks || context.optimizer.sharding == .none else {
            return run.say(
                "warning: run ends with an error (step \(state.step)): it was not saved, because "
                    + "other processes have parts of its state; go on from the last checkpoint")
        }
        let outcome = Result {
            try catchingTorchErrors {
                let folder = try context.saver.save(state, isRescue: true)
                try context.saver.finish()
                return folder
            }
        }
        let warning = "warning: run ends with an error (step \(state.step)): it "
        switch outcome {
        case .success(let folder):
            run.say(
                warning
                    + "was saved as \(folder.path); go on from there with resume=auto, or with "
                    + "resume=DIR under a recipe that has changed")
        case .failure(let error):
            run.say(warning + "could not be saved, for " + error.localizedDescription)
        }
    }
}
