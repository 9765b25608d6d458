// Scores of a model during training, computed as those of a finished model.

package import Foundation
package import MoCaEmbedding
import MoCaSettings
import MoCaSystem
package import Torch

/// Evaluates a model between the steps of its training.
///
/// The weights in memory are used; scores are written to `evaluation/step-STEP/` in the run folder.
package struct RunningEvaluation: Sendable {
    package var benchmark: Benchmark
    /// The folder of the sets, or one set.
    package var data: URL
    /// The root of relative image paths; nil uses the default of the benchmark.
    package var images: URL?
    /// The sets to score; all of them when empty.
    package var subsets: [String] = []
    /// The part of each set to score; nil scores all.
    package var part: EvaluationPart?
    /// Called between batches; if true, the evaluation ends without scores.
    package var isInterrupted: @Sendable () -> Bool = { false }

    package init(benchmark: Benchmark, data: URL) {
        self.benchmark = benchmark
        self.data = data
    }

    /// Checks that the sets exist and can be scored.
    ///
    /// - Throws: `EvaluationError`, `DataError`.
    package func checkSets() throws {
        try benchmark.checkSets(in: data, subsets: subsets)
    }

    /// The values by name, such as `SET/precision_at_1`; nil if the evaluation was interrupted.
    ///
    /// Call this on the model's actor, between two steps: the training thread computes the batches
    /// of the evaluation, and resumes training afterwards.
    ///
    /// - Parameters:
    ///   - embedder: computes with the weights of the model in training.
    ///   - runFolder: the folder of the training run.
    ///   - modelActor: the actor that trains the model and computes the embedder's batches.
    /// - Throws: the errors of the evaluation.
    package func values(
        of embedder: Embedder, step: Int, in runFolder: URL, on modelActor: ModelActor
    ) throws -> [String: Double]? {
        let output = runFolder.appending(path: "evaluation/step-\(step)")
        let vectors = output.appending(path: "cache")
        var run = EvaluationRun(
            embedder: embedder, model: "step-\(step)", data: data, output: output)
        run.images = images
        run.subsets = subsets
        run.part = part
        run.settings = ["step": .integer(step)]
        run.isInterrupted = isInterrupted
        do {
            // Vectors of an earlier run in this folder belong to other weights.
            try Self.remove(vectors)
            let report = try modelActor.assumeIsolated { [run, benchmark] modelActor in
                try modelActor.serving { try await run.scores(of: benchmark) }
            }
            try Self.remove(vectors)
            return report.scores.namedValues
        } catch EvaluationError.interrupted {
            return nil
        }
    }

    private static func remove(_ folder: URL) throws {
        do {
            try FileSystem.remove(folder)
        } catch {
            throw EvaluationError.cannotWrite(file: error.path, reason: error.reason)
        }
    }
}
