// The two stages of a run: data, objective and monitor of each, and the trainer that joins them.

import MoCaRanks
import MoCaData
import MoCaModel
import MoCaObjectives
import NN
import Torch

extension TrainingRun {
    /// Pre-trains until the last step.
    func train(_ context: Context, _ settings: Recipe.Reconstruction) throws {
        let start = context.start
        guard var reconstruction = start.model.reconstruction else {
            preconditionFailure("a model for pre-training has its heads")
        }
        reconstruction.backbone.checkpointing = recipe.runtime.activationCheckpointing
        let source = try ReconstructionBatches(
            recipeForData, settings, start, cursor: context.state.cursor,
            quarantine: context.logger.quarantine(), share: share)
        let monitor = try context.logger.reconstructions(settings, start, reconstruction)
        try train(
            ReconstructionObjective(reconstruction, settings.loss), on: source,
            scoring: EmbeddingModel(start.model.backbone, PoolingSettings()), context: context,
            watch: isFirst
                ? StepWatch(will: { _, _ in }, did: { step, _ in try monitor.end(step: step) })
                : .none
        ) { failed, batch, url in
            try failed.write(batch, to: url)
        }
    }

    /// Fine-tunes until the last step.
    func train(_ context: Context, _ settings: Recipe.Contrastive) throws {
        let start = context.start
        let source = try ContrastiveBatches(
            recipeForData, settings, start, cursor: context.state.cursor,
            quarantine: context.logger.quarantine(), share: share)
        var backbone = start.model.backbone
        backbone.checkpointing = recipe.runtime.activationCheckpointing
        let model = EmbeddingModel(
            backbone,
            PoolingSettings(attention: settings.attention, pooling: settings.pooling))
        var objective = ContrastiveObjective(model, settings.loss, logScale: start.logScale)
        let monitor = try context.logger.health()
        if isFirst { objective.observe = monitor.observe }
        try train(
            objective, on: source, scoring: model, context: context,
            watch: isFirst
                ? StepWatch(
                    will: { monitor.begin($0, number: $1) },
                    did: { try monitor.end(step: $0, isUpdated: $1) })
                : .none
        ) { failed, batch, url in
            try failed.write(batch, to: url)
        }
    }

    private func train<Task: Objective, Source: StepBatches<Task.Batch>>(
        _ task: Task, on source: Source, scoring model: EmbeddingModel, context: Context,
        watch: StepWatch<Task.Batch>, write: @escaping RunDelegate<Source>.BatchWriter
    ) throws {
        // The run folder changes only after all inputs that can be invalid were read, by all ranks.
        try catchingTorchErrors {
            collectives.waitForAll(atMost: .seconds(recipe.runtime.rankTimeout))
        }
        try collectives.together { if isFirst { try takeRunFolder(context) } }
        let stepCount = max(0, recipe.schedule.totalSteps - context.state.step)
        let delegate = RunDelegate(
            run: self, context: context, model: model,
            prefetcher: Prefetcher(source, ahead: recipe.runtime.prefetch, count: stepCount),
            watch: watch, write: write)
        var trainer = Trainer(
            task: task, plan: plan(context), state: context.state, delegate: delegate,
            collectives: collectives)
        onStart()
        try trainer.run()
    }

    private var share: RankSlice {
        RankSlice(rank: collectives.rank, of: collectives.worldSize)
    }

    private func plan<Task: Objective>(_ context: Context) -> Trainer<Task>.Plan {
        var plan = Trainer<Task>.Plan(
            optimizer: context.optimizer, parameters: context.start.model.store,
            schedule: recipe.learningRateSchedule,
            maxGradientNorm: recipe.optimizer.maxGradientNorm,
            logEverySteps: recipe.logging.everySteps,
            saveEverySteps: recipe.checkpoint.everySteps)
        plan.peakRate = peakRate(of: context.start)
        let runtime = recipe.runtime
        plan.notFiniteBudget = runtime.onNotFinite == .skip ? runtime.notFiniteBudget : 0
        plan.evaluateEverySteps = evaluate == nil ? nil : recipe.evaluation?.everySteps
        plan.bestMetric = recipe.checkpoint.bestMetric
        return plan
    }

    /// The device's peak rate, measured at each start because it varies between machines and days.
    private func peakRate(of start: TrainingSetup) -> Double {
        let store = start.model.store
        let device = start.model.backbone.embeddingWeight.device
        return GEMMPeak.measure(
            store.dtype, on: device, size: device.kind == .cpu ? 1024 : 8192
        ).perSecond
    }
}
