// `moca pretrain`: continual pre-training from a recipe.

import ArgumentParser
import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaEvaluation
import MoCaRanks
import MoCaRunLog
import MoCaTraining
import Torch

/// Trains on masked text and masked patches.
struct PretrainCommand: VerboseCommand {
    static let configuration = CommandConfiguration(
        commandName: "pretrain",
        abstract: "Continue a model's pre-training with masked text and masked patches.",
        discussion: TrainingOptions.discussion)

    @OptionGroup var training: TrainingOptions
    @OptionGroup var verbosity: VerbosityOptions

    func run() async throws {
        try await training.run(.pretrain)
    }
}

/// The options that both training commands share.
struct TrainingOptions: ParsableArguments {
    static let discussion = """
        A recipe is a YAML file; recipes/ has commented ones. Any key can be given as \
        key.path=value. An interrupted run is saved and ends with status 75; with resume=auto, the \
        default, the same command goes on from there.
        """

    @Option(help: ArgumentHelp("The recipe.", valueName: "recipe.yaml"))
    var config: String

    @Flag(help: "Say what the run would need, and train nothing.")
    var plan = false

    @Flag(inversion: .prefixedNo, help: "With --plan: time real steps, outside the run folder.")
    var measure = true

    @OptionGroup var hub: HubOptions

    @Argument(help: ArgumentHelp("Keys to set, as key.path=value.", valueName: "key.path=value"))
    var overrides: [String] = []

    /// Runs the recipe, or prints what it would need.
    func run(_ stage: Recipe.Stage) async throws {
        let read = try Recipe(
            reading: URL(fileURLWithPath: config), stage: stage, overrides: overrides)
        let recipe = try hub.downloading { try read.resolvingModel($0) }.resolvingEpochs()
        let ranks = try RankEnvironment.read(ProcessInfo.processInfo.environment)
        guard !plan else { return try await printPlan(recipe, stage, ranks) }
        let interruption = Interruption(early: "error: \(Self.early.oneLine)")
        let modelActor = ModelActor(name: "moca.training")
        let folder = try await modelActor.run {
            let team = try ranks.map { try Self.join($0, for: recipe) }
            let total = recipe.schedule.totalSteps
            let screen =
                team?.isFirst ?? true
                ? TrainingScreen(totalSteps: total)
                : TrainingScreen(totalSteps: total, isTerminal: false, write: { _ in })
            defer { screen.close() }
            var run = TrainingRun(
                recipe, say: screen.say, shouldStop: { interruption.hasHappened },
                onLog: screen.show, onStep: screen.advance)
            run.team = team
            run.onStart = { interruption.waitsForCommand() }
            if let settings = recipe.evaluation {
                let evaluation = RunningEvaluation(
                    settings, isInterrupted: { interruption.hasHappened })
                try evaluation.checkSets()
                run.evaluate = { trained, step in
                    let embedder = try Embedder(
                        training: trained.model, processor: trained.processor,
                        contract: trained.contract, folder: recipe.outputFolder, on: modelActor)
                    let values = try evaluation.values(
                        of: embedder, step: step, in: recipe.outputFolder, on: modelActor)
                    return values.map(MetricsRow.namedScores)
                }
            }
            return try run.run()
        }
        if ranks.map({ $0.rank == 0 }) ?? true { print(folder.path) }
    }

    /// Prints what the run would need, once for all of its processes.
    private func printPlan(
        _ recipe: Recipe, _ stage: Recipe.Stage, _ ranks: RankEnvironment?
    ) async throws {
        guard ranks.map({ $0.rank == 0 }) ?? true else { return }
        var plan = try TrainingPlan(recipe, ranks: RankLayout(ranks))
        let outcome = Result { try plan.needs.check(recipe) }
        // One process alone may lack the memory for the steps of several.
        if case .success = outcome, measure, ranks == nil {
            plan.measurement = try await ModelActor(name: "moca.training").run {
                try StepMeasurement(recipe)
            }
        }
        for line in plan.lines(stage) { print(line) }
        return try outcome.get()
    }

    /// Joins the other processes of the run, and says which of them this one is.
    private static func join(
        _ environment: RankEnvironment, for recipe: Recipe
    ) throws -> RankTeam {
        let debug = ProcessInfo.processInfo.environment["TORCH_DISTRIBUTED_DEBUG"]
        let team = try TrainingRun.join(environment, for: recipe, isChecked: debug == "DETAIL")
        Message.write(team.title)
        return team
    }

    /// The error for a signal before the first step.
    private static var early: TrainingError { .interrupted(step: nil, checkpoint: nil) }
}
