// The input pipeline of a run without the model, for measuring it alone.

import MoCaModel
import MoCaObjectives

/// The steps of a recipe, prepared ahead on background threads as in a run.
///
///     let pipeline = try InputPipeline(recipe, steps: 100)
///     while let step = try pipeline.next() { ... }
package final class InputPipeline {
    /// The counts of one step.
    package struct Step: Sendable, Hashable {
        package var samples = 0
        package var images = 0
        package var tokens = 0

        package init(samples: Int = 0, images: Int = 0, tokens: Int = 0) {
            (self.samples, self.images, self.tokens) = (samples, images, tokens)
        }
    }

    private let takeNext: () throws -> Step?
    private var left: Int

    /// Loads the model's files and starts preparing steps.
    ///
    /// - Throws: Errors of reading models and data.
    package init(_ recipe: Recipe, steps: Int) throws {
        let start = try TrainingSetup(recipe, resuming: nil)
        left = steps
        switch recipe.objective {
        case .reconstruction(let settings):
            takeNext = Self.prefetching(
                try ReconstructionBatches(recipe, settings, start, cursor: nil), recipe, steps
            ) { $0.input.plans.count }
        case .contrastive(let settings):
            takeNext = Self.prefetching(
                try ContrastiveBatches(recipe, settings, start, cursor: nil), recipe, steps
            ) { $0.pieces.reduce(0) { $0 + $1.plans.count } }
        }
    }

    private static func prefetching<Source: StepBatches>(
        _ source: Source, _ recipe: Recipe, _ steps: Int,
        imageCount: @escaping (Source.Batch) -> Int
    ) -> () throws -> Step? {
        let prefetcher = Prefetcher(source, ahead: recipe.runtime.prefetch, count: steps)
        return {
            guard let prepared = try prefetcher.next() else { return nil }
            let images = prepared.batches.reduce(0) { $0 + imageCount($1) }
            return Step(
                samples: prepared.ids.count, images: images, tokens: prepared.tokenCount)
        }
    }

    /// Returns the next step; nil after the last.
    ///
    /// - Throws: The error of an invalid sample.
    package func next() throws -> Step? {
        guard left > 0 else { return nil }
        left -= 1
        return try takeNext()
    }
}
