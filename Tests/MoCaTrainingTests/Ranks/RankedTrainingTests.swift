// Trainers of several ranks beside that of one process.

import Foundation
import MoCaData
import MoCaModel
import MoCaObjectives
import MoCaRankSupport
import MoCaRunLog
import NN
import Testing
import Torch

@testable import MoCaTraining

@Suite(.serialized) struct RankedTrainingTests {
    /// What one rank did.
    private struct Run {
        var reports: [MetricsRow] = []
        var events: [TrainingEvent.Kind] = []
        var saved: [Int] = []
        var failure: TrainingError?
        var weights: [Float] = []
        var state: TrainingState
    }

    /// What happens to one rank at a step.
    private enum Fault {
        case none
        case stop(rank: Int, after: Int)
        case notANumber(rank: Int, step: Int)
        case data(rank: Int, step: Int)
    }

    private func train(
        _ collectives: any Collectives, steps: Int = 3, fault: Fault = .none
    ) throws -> Run {
        let recipe = try TrainingFixtures.recipe(
            .pretrain, output: URL(fileURLWithPath: "/tmp"), steps: steps)
        guard case .reconstruction(let settings) = recipe.objective else {
            throw CancellationError()
        }
        let start = try TrainingSetup(recipe, resuming: nil)
        let rank = collectives.rank
        var source = try ReconstructionBatches(
            recipe, settings, start, cursor: nil,
            share: RankSlice(rank: rank, of: collectives.worldSize))
        let store = start.model.store
        let norm = try #require(store.tensors["model.norm.weight"])
        var plain = norm
        var run = Run(state: TrainingState(recipe: ""))
        var number = 0
        let delegate = TestDelegate<ReconstructionBatch>(next: {
            number += 1
            if case .data(rank, number) = fault {
                throw TrainingError.badSample(name: "s", reason: "")
            }
            if case .notANumber(rank, number) = fault {
                plain = norm.detached().clone()
                norm.assign(.full(norm.shape, .nan))
            }
            return try source.next()
        })
        delegate.onLog = { run.reports.append($0) }
        delegate.onNote = { run.events.append($0.kind) }
        delegate.onSave = { run.saved.append($0.step) }
        delegate.onStep = { step, isUpdated in
            if case .notANumber(rank, step) = fault { norm.assign(plain) }
        }
        delegate.onShouldStop = {
            if case .stop(rank, let last) = fault { number >= last } else { false }
        }
        var plan = Trainer<ReconstructionObjective>.Plan(
            optimizer: try start.optimizer(recipe, over: collectives), parameters: store,
            schedule: recipe.learningRateSchedule, maxGradientNorm: 0.1, logEverySteps: 1,
            saveEverySteps: 2)
        plan.notFiniteBudget = 1
        var trainer = Trainer(
            task: ReconstructionObjective(
                try #require(start.model.reconstruction), settings.loss),
            plan: plan, state: run.state, delegate: delegate, collectives: collectives)
        do { try trainer.run() } catch let error as TrainingError { run.failure = error }
        run.state = trainer.state
        run.weights = store.parameters.flatMap { $0.tensor.array(Float.self) }
        return run
    }

    /// Masks and noise depend on sample and seed, so ranks train on the batch of one process.
    @Test(arguments: [2, 3])
    func ranksTrainAsOneProcess(worldSize: Int) throws {
        let whole = try train(SingleProcess())
        let ranks = try ThreadRank.run(worldSize) { try train($0) }
        #expect(ranks.count == worldSize)
        for run in ranks {
            #expect(run.weights == ranks[0].weights)
            #expect(run.reports.map(\.gradientNorm) == ranks[0].reports.map(\.gradientNorm))
            #expect(run.reports.map(\.loss) == ranks[0].reports.map(\.loss))
            #expect(run.saved == [2, 3])
            #expect(run.state.sampleCount == whole.state.sampleCount)
            #expect(run.state.tokenCount == whole.state.tokenCount)
            #expect(run.state.truncation == whole.state.truncation)
            #expect(run.state.cursor == whole.state.cursor)
        }
        for (found, expected) in zip(ranks[0].reports, whole.reports) {
            #expect(abs(found.loss - expected.loss) <= 1e-4 * expected.loss)
            #expect(abs(found.gradientNorm - expected.gradientNorm) <= 1e-3 * expected.gradientNorm)
        }
        #expect(whole.reports.count == 3)
    }

    @Test func allRanksSkipWhatOneCannotCompute() throws {
        let ranks = try ThreadRank.run(2) { try train($0, fault: .notANumber(rank: 1, step: 2)) }
        for run in ranks {
            #expect(run.state.skippedStepCount == 1 && run.state.step == 3)
            #expect(run.failure == nil && run.events.count == 1)
            #expect(run.weights == ranks[0].weights)
            #expect(run.weights.allSatisfy { $0.isFinite })
        }
    }

    @Test func aSignalToOneRankStopsAllAtTheSameStep() throws {
        let ranks = try ThreadRank.run(2) { try train($0, fault: .stop(rank: 1, after: 1)) }
        for run in ranks {
            #expect(run.failure == .interrupted(step: 1, checkpoint: "checkpoint-1"))
            #expect(run.saved == [1])
        }
    }

    @Test func anErrorOfOneRankEndsAll() throws {
        let ranks = try ThreadRank.run(2) { try train($0, fault: .data(rank: 1, step: 2)) }
        #expect(ranks[0].failure == .otherProcessFailed(step: 2))
        #expect(ranks[1].failure == .badSample(name: "s", reason: ""))
        #expect(ranks.allSatisfy { $0.state.step == 1 })
    }
}
