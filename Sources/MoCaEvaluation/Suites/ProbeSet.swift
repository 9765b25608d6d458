// The inputs on which two models are compared, and a model's vectors for them.

package import Foundation
package import MoCaCore
import MoCaData
package import MoCaEmbedding
import MoCaSystem
import MoCaTables
import MoCaVectors

/// A file of records in the input format of `moca embed`.
package struct ProbeSet: Sendable {
    /// The file of records.
    package var records: URL
    /// The root of relative image paths.
    package var images: URL
    /// The output folder; its subfolder `cache` stores vectors so that an interrupted run can
    /// continue.
    package var output: URL
    /// The role whose prompt is applied to each record.
    package var role: Role?
    /// Called with the number of inputs embedded or read from the cache; each model is a task.
    package var onProgress: @Sendable (WorkProgress) -> Void = { _ in }
    /// Called between windows; if true, the run ends and can be continued.
    package var isInterrupted: @Sendable () -> Bool = { false }

    package init(records: URL, images: URL, output: URL, role: Role? = nil) {
        (self.records, self.images, self.output, self.role) = (records, images, output, role)
    }

    /// The ids and vectors of the records by a model, in order. Vectors have unit length, so that
    /// their dot products are cosines.
    ///
    /// - Parameters:
    ///   - folder: the model's folder.
    ///   - options: the options of the embedder.
    /// - Throws: the errors of loading and of embedding, `EvaluationError.interrupted`.
    package func vectors(
        ofModelIn folder: URL, options: EmbedderOptions
    ) async throws -> (ids: [String], vectors: [[Float]]) {
        var options = options
        options.isNormalized = true
        let identity = try ModelIdentity(of: folder, options)
        let embedder = try await Embedder(loading: folder, options: options)
        return try await vectors(of: embedder, model: identity.fingerprint)
    }

    /// The ids and vectors of the records, in order.
    ///
    /// - Parameter model: the model's fingerprint.
    /// - Throws: `DataError`, `VectorError`, `SearchError`, `EvaluationError.interrupted`.
    package func vectors(
        of embedder: Embedder, model: String
    ) async throws -> (ids: [String], vectors: [[Float]]) {
        try embedder.requireOneVector(for: "drift")
        let cache = try VectorStore(
            cacheIn: output.appending(path: "cache"), of: embedder.conditions(model: model))
        var cached = CachedEmbedder(
            embedder, cache, reuse: .sameWindow, progress: onProgress,
            willEmbed: { [isInterrupted, output] kept in
                guard !isInterrupted() else {
                    throw EvaluationError.interrupted(output: output.path, kept: kept)
                }
            })
        let store = ImageStore(root: images)
        var reader = try EmbedRecordReader(file: records)
        var (ids, rows) = ([String](), [Int]())
        var (window, names, meter) = ([PromptedContent](), [String](), WindowMeter())
        let count = try EmbeddingInput.file(records).recordCount() ?? 0
        // An unknown count is 0.
        cached.progress.begin(
            "inputs of model \(model)", total: count == 0 ? nil : count)
        var next = try reader.next()
        while let record = next {
            let sample = try EmbedSample(record, images: store)
            ids.append(sample.id)
            names.append(record.location.description)
            window.append(PromptedContent(content: sample.content, role: role))
            meter.add(sample.content)
            next = try reader.next()
            guard meter.isFull || next == nil else { continue }
            rows += try await cached.rows(of: window) { names[$0] }
            (window, names, meter) = ([], [], WindowMeter())
        }
        let matrix = try cache.matrix()
        return (ids, rows.map(matrix.row))
    }
}
