// Embeds a file of records into a file of vectors, in constant memory and resumable after an
// interruption.

package import Foundation
package import MoCaCore
import MoCaData
package import MoCaEmbedding
import MoCaImage
import MoCaModel
import MoCaProcessing
import Torch

/// The handling of a record that cannot be embedded.
package enum BadRecordPolicy: String, Sendable, Hashable, CaseIterable {
    /// End the run with the record's error.
    case stop
    /// Skip the record, and list it beside the output.
    case skip
}

/// An embedding job: its model, input and output.
package struct EmbeddingJob: Sendable {
    /// The model's folder.
    package var model: URL
    package var options: EmbedderOptions
    package var input: EmbeddingInput
    /// A `.npy`, `.jsonl`, `.parquet` or `.safetensors` file.
    package var output: URL
    /// The root of relative image paths.
    package var imageFolder: URL
    /// The role whose prompt is applied to each record; nil for none.
    package var role: Role?
    package var badRecords = BadRecordPolicy.stop
    /// Whether to continue an interrupted run with the same output.
    package var resumes = false
    /// The part of the input to embed, whose vectors are kept in the folder `part(of: output)`; nil
    /// embeds all of it and writes the output.
    package var shard: WindowShard?
    /// The approximate number of tokens of a window; nil selects it by the model's size.
    var windowTokens: Int?

    package init(
        model: URL, options: EmbedderOptions, input: EmbeddingInput, output: URL,
        imageFolder: URL
    ) {
        (self.model, self.options) = (model, options)
        (self.input, self.output, self.imageFolder) = (input, output, imageFolder)
    }

    /// Embeds every record, in input order, and writes the output; or those of the shard, and
    /// completes its part.
    ///
    /// - Parameters:
    ///   - progress: called with the number of completed records, including those of earlier runs
    ///     and of other shards.
    ///   - isInterrupted: called after each batch; if true, the run ends and can be continued.
    /// - Throws: a `UserFacingError` that names the record and its file.
    package func run(
        progress: @escaping @Sendable (Int) -> Void = { _ in },
        isInterrupted: @escaping @Sendable () -> Bool = { false }
    ) async throws -> EmbeddingReport {
        let clock = ContinuousClock()
        let start = clock.now
        guard shard == nil || input != .standardInput else { throw VectorError.sharedStream }
        let format = try EmbeddingOutput(of: output)
        let reader = try input.reader()
        let embedder = try await Embedder(loading: model, options: options)
        guard !embedder.isMultiVector || format.holdsSeveralVectors else {
            throw VectorError.multiVectorOutput(path: output.path)
        }
        let loadSeconds = (clock.now - start).seconds
        let settings = try settings(embedder)
        let journal = try VectorJournal(of: output, settings: settings, resumes: resumes)
        var run = EmbeddingRun(
            self, embedder, journal,
            WindowReader(
                reader, images: ImageStore(root: imageFolder), limits: windows(embedder),
                shard: shard ?? .whole, isInterrupted: isInterrupted))
        try await run.embedAll(progress: progress, isInterrupted: isInterrupted)
        var report = run.report
        report.loadSeconds = loadSeconds
        if shard == nil { report.errors = try write(journal, as: format) }
        report.totalSeconds = (clock.now - start).seconds
        report.peakResidentBytes = ProcessMemory.peakResidentBytes
        if shard != nil, try journal.completion() == nil {
            try journal.complete(run.input, report)
        }
        return report
    }

    /// Writes the output, and removes the journal.
    ///
    /// - Returns: the path of the list of records that cannot be embedded; nil if there are none.
    private func write(_ journal: VectorJournal, as format: EmbeddingOutput) throws -> String? {
        try format.write(journal, to: output)
        let list = try EmbeddingOutput.writeErrors(journal, of: output)
        try journal.remove()
        return list?.path
    }

    /// The settings under which the vectors of this job are computed.
    private func settings(_ embedder: Embedder) throws -> JournalSettings {
        // The other settings are separate from the model, so that an error can name the one that
        // differs.
        var weights = EmbedderOptions()
        weights.adapter = options.adapter
        let identity = try ModelIdentity(of: model, weights)
        return JournalSettings(
            conditions: embedder.conditions(model: identity.fingerprint), role: role?.rawValue,
            part: shard.map {
                JournalSettings.Part(
                    shard: $0, windows: windows(embedder), model: identity.name ?? identity.folder)
            })
    }

    private func windows(_ embedder: Embedder) -> WindowLimits {
        WindowLimits(
            tokens: windowTokens ?? tokenBudget(embedder),
            tokensPerImage: embedder.processor.images.configuration.largestTokenCount)
    }

    /// The number of tokens to compute before results are saved, limited to about 2e13 FLOPs so
    /// that a large model on a slow device loses at most minutes.
    private func tokenBudget(_ embedder: Embedder) -> Int {
        let operationsMax = 2e13
        let cost = embedder.model.backbone.configuration.forwardCost
        let tokens = Int(operationsMax / cost.ofToken)
        let batch = options.resolvedBatchTokens
        return min(max(tokens, 2 * batch), 64 * batch)
    }
}

extension ImageProcessorConfiguration {
    /// The number of tokens of the largest image.
    fileprivate var largestTokenCount: Int {
        let side = patchSize * mergeSize
        return max(1, budget.maxPixels / (side * side))
    }
}
