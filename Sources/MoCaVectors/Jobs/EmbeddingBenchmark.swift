// Measures the embedding throughput of a model, including images and tokenization.

package import Foundation
package import MoCaCore
import MoCaData
package import MoCaEmbedding
import MoCaModel
package import MoCaProcessing
import Torch

/// Embeds one input several times, and reports the fastest pass.
package struct EmbeddingBenchmark: Sendable {
    private let model: URL
    private let options: EmbedderOptions
    private let contents: [Content]

    /// - Parameter limit: the number of records to use; nil uses all.
    /// - Throws: `DataError`.
    package init(
        model: URL, options: EmbedderOptions, input: EmbeddingInput, imageFolder: URL, limit: Int?
    ) throws {
        (self.model, self.options) = (model, options)
        contents = try input.contents(imageFolder: imageFolder, limit: limit)
    }

    /// The number of inputs.
    package var count: Int { contents.count }

    /// Times `repeats` passes after a short warm-up pass.
    ///
    /// - Throws: a `UserFacingError`.
    package func run(repeats: Int) async throws -> Throughput {
        let clock = ContinuousClock()
        let start = clock.now
        let embedder = try await Embedder(loading: model, options: options)
        let loadSeconds = (clock.now - start).seconds
        let dtype = embedder.model.backbone.embeddingWeight.dtype
        // The peak is measured on a dedicated thread, like the model's, so that thread teams are
        // equal.
        let peakActor = ModelActor(name: "moca.peak")
        let device = options.device
        var peak = await peakActor.run { GEMMPeak.measure(dtype, on: device) }
        _ = try await pass(Array(contents.prefix(4)), embedder)
        var best: Throughput.Pass?
        for _ in 0..<repeats {
            let done = try await pass(contents, embedder)
            if done.seconds < best?.seconds ?? .infinity { best = done }
        }
        peak = peak.best(await peakActor.run { GEMMPeak.measure(dtype, on: device) })
        return Throughput(
            task: "embed", best ?? Throughput.Pass(), peak: peak, loadSeconds: loadSeconds,
            dtype: dtype.rawValue, threads: LibTorch.threadCount)
    }

    private func pass(
        _ contents: [Content], _ embedder: Embedder
    ) async throws -> Throughput.Pass {
        let clock = ContinuousClock()
        let (start, processor) = (clock.now, ProcessMemory.processorSeconds)
        let outlines = try await embedder.outlines(of: contents, as: nil)
        var statistics = EmbeddingStatistics()
        let results = try await embedder.embed(
            outlines, statistics: &statistics, progress: { _ in })
        var pass = Throughput.Pass()
        pass.seconds = (clock.now - start).seconds
        pass.processorSeconds = ProcessMemory.processorSeconds - processor
        let cost = embedder.model.backbone.configuration.forwardCost
        for (outline, result) in zip(outlines, results) {
            _ = try result.get()
            pass.add(try outline.get(), cost)
        }
        return pass
    }
}

extension EmbeddingInput {
    /// All contents of an input that fits in memory.
    ///
    /// - Throws: `DataError`.
    package func contents(imageFolder: URL, limit: Int?) throws -> [Content] {
        var (reader, contents) = (try reader(), [Content]())
        let images = ImageStore(root: imageFolder)
        while contents.count < limit ?? .max, let record = try reader.next() {
            contents.append(try EmbedSample(record, images: images).content)
        }
        return contents
    }
}
