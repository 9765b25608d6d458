// Scores of a model during training, computed by the code of `moca evaluate`.

import Foundation
import MoCaEmbedding
import MoCaEvaluation
import MoCaRunLog
import MoCaSettings
import MoCaSystem
import MoCaTraining
import Torch

/// Evaluates the model of a run between its steps.
///
/// The weights in memory are used; scores are written to `evaluation/step-STEP/` in the run folder.
final class RunningEvaluation {
    private let settings: Recipe.Evaluation
    private let runFolder: URL
    private let interruption: Interruption
    /// The actor that trains the model, and also computes its evaluation.
    private let modelActor: ModelActor
    /// The embedder, created at the first evaluation.
    private var embedder: Embedder?

    init(
        _ settings: Recipe.Evaluation, runFolder: URL, interruption: Interruption,
        on modelActor: ModelActor
    ) {
        self.settings = settings
        self.runFolder = runFolder
        self.interruption = interruption
        self.modelActor = modelActor
    }

    /// Finds the sets, so that a wrong name or a set that cannot be scored is reported before the
    /// first step.
    ///
    /// - Throws: `EvaluationError`.
    func checkSets() throws {
        let subsets = settings.subsets
        _ =
            switch settings.benchmark {
            case .mmeb: try EvaluationRun.mmebSets(in: data, subsets: subsets)
            case .vidore: try EvaluationRun.retrievalSets(in: data, subsets: subsets, .pages)
            case .retrieval: try EvaluationRun.retrievalSets(in: data, subsets: subsets, .any)
            }
    }

    private var data: URL {
        switch settings.benchmark {
        case .mmeb(let folder), .vidore(let folder), .retrieval(let folder):
            URL(fileURLWithPath: folder.path, isDirectory: true)
        }
    }

    /// The scores by name, such as `eval/SET/precision_at_1`; nil if interrupted by a signal.
    ///
    /// Called on the model's actor, between two steps: the training thread computes the batches of
    /// the evaluation, and resumes training afterwards.
    ///
    /// - Throws: the errors of the evaluation.
    func scores(of trained: TrainedModel, step: Int) throws -> [String: Double]? {
        let embedder =
            try self.embedder
            ?? Embedder(
                training: trained.model, processor: trained.processor, contract: trained.contract,
                folder: runFolder, on: modelActor)
        self.embedder = embedder
        let output = runFolder.appending(path: "evaluation/step-\(step)")
        let vectors = output.appending(path: "cache")
        let run = run(embedder, step, output)
        let benchmark = settings.benchmark
        do {
            // Vectors of an earlier run in this folder belong to other weights.
            try Self.remove(vectors)
            let report = try modelActor.assumeIsolated { modelActor in
                try modelActor.serving {
                    switch benchmark {
                    case .mmeb: try await run.mmeb()
                    case .vidore: try await run.retrieval(.pages)
                    case .retrieval: try await run.retrieval(.any)
                    }
                }
            }
            try Self.remove(vectors)
            return Self.named(report.scores)
        } catch EvaluationError.interrupted {
            return nil
        }
    }

    private func run(_ embedder: Embedder, _ step: Int, _ output: URL) -> EvaluationRun {
        var run = EvaluationRun(
            embedder: embedder, model: "step-\(step)",
            data: data, output: output)
        run.images = settings.images.map { URL(fileURLWithPath: $0.path, isDirectory: true) }
        run.subsets = settings.subsets
        run.part = part
        run.settings = ["step": .integer(step)]
        let interruption = interruption
        run.isInterrupted = { interruption.hasHappened }
        return run
    }

    private var part: EvaluationPart? {
        guard settings.isNano || settings.queryCountMax != nil else { return nil }
        var part = settings.isNano ? EvaluationPart.nano : EvaluationPart()
        part.queryCount = settings.queryCountMax ?? part.queryCount
        return part
    }

    private static func named(_ scores: Scores) -> [String: Double] {
        var named: [String: Double] = [:]
        for (name, score) in scores.sets {
            for (metric, value) in score.values {
                named["\(MetricsRow.scorePrefix)\(name)/\(metric)"] = value
            }
        }
        for (name, group) in scores.groups {
            named["\(MetricsRow.scorePrefix)\(name)/\(group.metric)"] = group.mean
        }
        return named
    }

    private static func remove(_ folder: URL) throws {
        do {
            try FileSystem.remove(folder)
        } catch {
            throw CommandError.cannotWrite(path: error.path, reason: error.reason)
        }
    }
}
