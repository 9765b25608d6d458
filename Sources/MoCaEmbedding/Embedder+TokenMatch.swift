// The decomposition of the cosine of two contents over tokens and patches.

package import MoCaCore
import MoCaModel
package import MoCaProcessing
import Torch

/// The cosine of two contents, and what each token contributes to it.
package struct TokenMatch: Sendable {
    /// One of the two contents.
    package struct Side: Sendable {
        /// The tokens, including the prompt, and the images.
        package let outline: InputOutline
        /// The contribution of each token of `outline`; they sum to the cosine.
        package let contributions: [Float]
        /// The patches of each image.
        package let patches: [ImagePatches]
    }

    /// The cosine of the two vectors.
    package let cosine: Float
    package let first: Side
    package let second: Side
}

extension Embedder {
    /// Decomposes the cosine of two contents over their tokens: exact with mean pooling, whatever
    /// the model's adapter and `dimensions`.
    ///
    /// - Throws: `EmbeddingError.notDecomposable` if pooling is not the mean, `.multiVector`,
    ///   `.notFinite`, `.badInput` for a content that cannot be embedded.
    package func match(
        _ first: PromptedContent, _ second: PromptedContent
    ) async throws -> TokenMatch {
        try requireOneVector(for: "heat map")
        guard model.settings.pooling == .mean else {
            throw EmbeddingError.notDecomposable(pooling: model.settings.pooling.rawValue)
        }
        let outlines =
            try await outlines(of: [first.content], as: first.role)
            + outlines(of: [second.content], as: second.role)
        let prepared = try outlines.enumerated().map { number, outline in
            do {
                let outline = try outline.get()
                return (outline: outline, patches: try processor.patches(of: outline))
            } catch let error as any UserFacingError {
                throw EmbeddingError.badInput(number: number, error)
            }
        }
        let values = try await contributions(of: prepared)
        let sides = zip(prepared, values).map { input, values in
            TokenMatch.Side(
                outline: input.outline, contributions: values, patches: input.patches)
        }
        return TokenMatch(
            cosine: values[0].reduce(0, +), first: sides[0], second: sides[1])
    }

    /// The contributions of each content's tokens, one list per content.
    private func contributions(
        of inputs: [(outline: InputOutline, patches: [ImagePatches])]
    ) async throws -> [[Float]] {
        let (model, collator) = (model, pipeline.collator)
        let values = try await pipeline.modelActor.run {
            try catchingTorchErrors {
                let batch = try collator.pack(inputs.map(\.outline), patches: inputs.map(\.patches))
                let all: [Float] = withoutGradient {
                    model.contributions(batch.input)?.array() ?? []
                }
                let starts = batch.input.sequenceStarts
                return all.isEmpty
                    ? [] : batch.places.map { Array(all[starts[$0]..<starts[$0 + 1]]) }
            }
        }
        guard values.count == inputs.count, values.joined().allSatisfy(\.isFinite) else {
            throw EmbeddingError.notFinite
        }
        return values
    }
}
