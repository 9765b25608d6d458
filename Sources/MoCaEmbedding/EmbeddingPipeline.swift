// Outlines to vectors: images of one batch are decoded while the model computes another.

import MoCaCore
import MoCaImage
import MoCaModel
import MoCaProcessing
import MoCaSystem
import Torch

/// The time and tokens that a run spent.
package struct EmbeddingStatistics: Sendable, Hashable {
    package var items = 0
    package var textTokens = 0
    package var imageTokens = 0
    /// Seconds in which the model waited for images.
    package var preprocessSeconds = 0.0
    package var computeSeconds = 0.0

    package init() {}

    fileprivate mutating func count(_ outlines: [InputOutline]) {
        items += outlines.count
        for outline in outlines {
            imageTokens += outline.imageTokenCount
            textTokens += outline.ids.count - outline.imageTokenCount
        }
    }
}

/// The two stages of a batch: its images are cut into patches on all processors, and its vectors
/// are computed on the model's thread.
struct EmbeddingPipeline: Sendable {
    /// One input with its patches, or the error of preparing it.
    typealias Prepared = Result<(outline: InputOutline, patches: [ImagePatches]), any Error>

    let model: EmbeddingModel
    let processor: Processor
    let collator: Collator
    let batcher: TokenBudgetBatcher
    /// The actor on which the model computes.
    let modelActor: ModelActor

    /// Embeds outlines, in their order; a failed outline, or one whose images cannot be decoded,
    /// keeps its error.
    ///
    /// - Parameter progress: called after each batch with its number of inputs; an error that it
    ///   throws ends the call.
    func embed(
        _ outlines: [Result<InputOutline, any Error>], statistics: inout EmbeddingStatistics,
        progress: @Sendable (Int) throws -> Void
    ) async throws -> [Result<Embedding, any Error>] {
        var results = outlines.map { outline in
            outline.flatMap { _ in Result<Embedding, any Error>.success(Embedding([])) }
        }
        let batches = batcher.batches(ofLengths: outlines.map { $0.success?.load ?? 0 })
        var ahead = batches.first.map { beginPreparing($0.map { outlines[$0] }) }
        for (number, indices) in batches.enumerated() {
            let clock = ContinuousClock()
            let start = clock.now
            guard let prepared = await ahead?.value else { break }
            ahead =
                number + 1 < batches.count
                ? beginPreparing(batches[number + 1].map { outlines[$0] }) : nil
            let ready = clock.now
            do {
                let done = try await compute(prepared)
                statistics.preprocessSeconds += (ready - start).seconds
                statistics.computeSeconds += (clock.now - ready).seconds
                for (index, result) in zip(indices, done) { results[index] = result }
                statistics.count(indices.compactMap { outlines[$0].success })
                try progress(indices.count)
            } catch {
                // No thread keeps working after this call has ended.
                _ = await ahead?.value
                throw error
            }
        }
        return results
    }

    private func beginPreparing(
        _ outlines: [Result<InputOutline, any Error>]
    ) -> Task<[Prepared], Never> {
        Task { await prepare(outlines) }
    }

    /// The patches of one batch.
    func prepare(_ outlines: [Result<InputOutline, any Error>]) async -> [Prepared] {
        await parallelMap(outlines) { outline in
            Result {
                let outline = try outline.get()
                return (outline, try processor.patches(of: outline))
            }
        }
    }

    /// The vectors of one batch; an input that could not be prepared keeps its error, and one whose
    /// vector is not finite fails with `EmbeddingError.notFinite`.
    ///
    /// - Throws: `TorchError`.
    func compute(_ prepared: [Prepared]) async throws -> [Result<Embedding, any Error>] {
        let usable = prepared.compactMap(\.success)
        guard !usable.isEmpty else { return prepared.map { $0.map { _ in Embedding([]) } } }
        let vectors = try await modelActor.run {
            try catchingTorchErrors {
                let batch = try collator.pack(usable.map(\.outline), patches: usable.map(\.patches))
                let values: [Float] = withoutGradient { model(batch.input).array() }
                let (width, rows) = (model.vectorLength, model.rows(of: batch.input))
                return batch.places.map { place in
                    let rows = rows[place]
                    return Embedding(
                        Array(values[rows.lowerBound * width..<rows.upperBound * width]),
                        vectorCount: rows.count)
                }
            }
        }
        var next = vectors.makeIterator()
        return prepared.map { result in
            result.flatMap { _ in
                let embedding = next.next() ?? Embedding([])
                return embedding.values.allSatisfy(\.isFinite)
                    ? .success(embedding) : .failure(EmbeddingError.notFinite)
            }
        }
    }
}

extension Result {
    /// The value of a success; nil for a failure.
    fileprivate var success: Success? {
        if case .success(let value) = self { value } else { nil }
    }
}
