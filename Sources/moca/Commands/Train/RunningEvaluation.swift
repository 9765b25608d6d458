// Scores of a model that is being trained, by the code of `moca evaluate`.

import Foundation
import MoCaEmbedding
import MoCaEvaluation
import MoCaSettings
import MoCaSystem
import MoCaTraining
import Synchronization

/// Evaluates the model of a run between its steps.
///
/// The weights are those in memory; scores go to `evaluation/step-STEP/` of the run folder.
final class RunningEvaluation {
    private let settings: Recipe.Evaluation
    private let runFolder: URL
    private let interruption: Interruption
    /// Made at the first evaluation: it has a thread of its own, which is kept.
    private var embedder: Embedder?

    init(_ settings: Recipe.Evaluation, runFolder: URL, _ interruption: Interruption) {
        (self.settings, self.runFolder, self.interruption) = (settings, runFolder, interruption)
    }

    /// Finds the sets, so that a name that is not right, or a set that cannot be scored, is known
    /// before the first step.
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

    /// The scores by name, such as `eval/SET/precision_at_1`; nil when a signal came.
    ///
    /// Blocks the calling thread, which must not be one of Swift's own pool.
    ///
    /// - Throws: what the evaluation throws.
    func scores(of trained: TrainedModel, step: Int) throws -> [String: Double]? {
        let embedder =
            try self.embedder
            ?? Embedder(
                training: trained.model, processor: trained.processor, contract: trained.contract,
                folder: runFolder)
        self.embedder = embedder
        let output = runFolder.appending(path: "evaluation/step-\(step)")
        let vectors = output.appending(path: "cache")
        let run = run(embedder, step, output)
        let benchmark = settings.benchmark
        do {
            // What another run of this folder computed is of other weights.
            try Self.remove(vectors)
            let report = try Blocking.result {
                switch benchmark {
                case .mmeb: try await run.mmeb()
                case .vidore: try await run.retrieval(.pages)
                case .retrieval: try await run.retrieval(.any)
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
                named["\(StepReport.scorePrefix)\(name)/\(metric)"] = value
            }
        }
        for (name, group) in scores.groups {
            named["\(StepReport.scorePrefix)\(name)/\(group.metric)"] = group.mean
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

/// Waiting for asynchronous work on a thread that may block.
private enum Blocking {
    static func result<Value: Sendable>(
        _ body: @escaping @Sendable () async throws -> Value
    ) throws -> Value {
        let outcome = Outcome<Value>()
        Task.detached {
            do {
                outcome.end(.success(try await body()))
            } catch {
                outcome.end(.failure(error))
            }
        }
        return try outcome.wait()
    }

    private final class Outcome<Value: Sendable>: Sendable {
        private let result = Mutex<Result<Value, any Error>?>(nil)
        private let signal = DispatchSemaphore(value: 0)

        func end(_ value: Result<Value, any Error>) {
            result.withLock { $0 = value }
            signal.signal()
        }

        func wait() throws -> Value {
            signal.wait()
            guard let value = result.withLock({ $0 }) else {
                preconditionFailure("signalled without a result")
            }
            return try value.get()
        }
    }
}
