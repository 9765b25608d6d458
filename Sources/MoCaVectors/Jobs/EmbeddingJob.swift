// A file of records to a file of vectors, in flat memory, and so that an interrupted run goes on.

package import Foundation
package import MoCaCore
import MoCaData
package import MoCaEmbedding
import MoCaImage
import MoCaModel
import MoCaProcessing
import Torch

/// What happens to a record that cannot be embedded.
package enum BadRecordPolicy: String, Sendable, Hashable, CaseIterable {
    /// The run ends with its error.
    case stop
    /// It is left out, and listed beside the output.
    case skip
}

/// What to embed, how, and where to.
package struct EmbeddingJob: Sendable {
    /// The model's folder.
    package var model: URL
    package var options: EmbedderOptions
    package var input: EmbeddingInput
    /// A `.npy`, `.jsonl`, `.parquet` or `.safetensors` file.
    package var output: URL
    /// Relative paths of images start here.
    package var imageFolder: URL
    /// The prompt to put around each record; nil for none.
    package var role: Role?
    package var badRecords = BadRecordPolicy.stop
    /// Whether to go on where an interrupted run of the same output stopped.
    package var resumes = false

    package init(
        model: URL, options: EmbedderOptions, input: EmbeddingInput, output: URL,
        imageFolder: URL
    ) {
        (self.model, self.options) = (model, options)
        (self.input, self.output, self.imageFolder) = (input, output, imageFolder)
    }

    /// Embeds every record, in input order, and writes the output.
    ///
    /// - Parameters:
    ///   - progress: told how many records are done, of this run and those before.
    ///   - isInterrupted: asked after each batch; true ends the run so that it can be continued.
    /// - Throws: a `UserFacingError` that names the record and its file.
    package func run(
        progress: @escaping @Sendable (Int) -> Void = { _ in },
        isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) async throws -> EmbeddingReport {
        let clock = ContinuousClock()
        let start = clock.now
        let format = try EmbeddingOutput(of: output)
        let reader = try input.reader()
        let embedder = try await Embedder(loading: model, options: options)
        let loadSeconds = (clock.now - start).seconds
        let journal = try VectorJournal(
            beside: output, conditions: conditions(embedder), role: role, resumes: resumes)
        var run = EmbeddingRun(
            self, embedder, journal,
            WindowReader(
                reader, images: ImageStore(root: imageFolder),
                tokenBudget: tokenBudget(embedder),
                tokensPerImage: embedder.processor.images.configuration.largestTokenCount))
        try await run.embedAll(progress: progress, isInterrupted: isInterrupted)
        try format.write(journal, width: embedder.vectorLength, to: output)
        let list = try EmbeddingOutput.writeErrors(journal, of: output)
        try journal.remove()
        var report = run.report
        report.errors = list?.path
        report.loadSeconds = loadSeconds
        report.totalSeconds = (clock.now - start).seconds
        report.peakResidentBytes = ProcessMemory.peakResidentBytes
        return report
    }

    /// What the vectors of this job are computed with.
    private func conditions(_ embedder: Embedder) throws -> VectorConditions {
        // The other settings stand beside the model, so that an error can name the one that differs.
        var weights = EmbedderOptions()
        weights.adapter = options.adapter
        return embedder.conditions(model: try ModelIdentity(of: model, weights).fingerprint)
    }

    /// Tokens that are computed before what they gave is kept: about this many operations, so that
    /// a big model on a slow device loses minutes at most.
    private func tokenBudget(_ embedder: Embedder) -> Int {
        let operationsMax = 2e13
        let cost = embedder.model.backbone.configuration.forwardCost
        let tokens = Int(operationsMax / cost.ofToken)
        let batch = options.resolvedBatchTokens
        return min(max(tokens, 2 * batch), 64 * batch)
    }
}

extension ImageProcessorConfiguration {
    /// Tokens of the largest image.
    fileprivate var largestTokenCount: Int {
        let side = patchSize * mergeSize
        return max(1, budget.maxPixels / (side * side))
    }
}
