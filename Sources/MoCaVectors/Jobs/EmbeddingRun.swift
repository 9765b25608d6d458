// The windows of one job, one after the other.

import Foundation
import MoCaCore
package import MoCaEmbedding
import MoCaModel
import MoCaProcessing
import MoCaSystem
import MoCaTables

/// Embeds windows of records and keeps what they gave.
struct EmbeddingRun {
    private let job: EmbeddingJob
    private let embedder: Embedder
    private let journal: VectorJournal
    private var reader: WindowReader
    private var statistics = EmbeddingStatistics()
    private var dropped = InputOutline.Dropped()
    private var resumed = 0

    init(
        _ job: EmbeddingJob, _ embedder: Embedder, _ journal: VectorJournal,
        _ reader: WindowReader
    ) {
        (self.job, self.embedder) = (job, embedder)
        (self.journal, self.reader) = (journal, reader)
    }

    /// A window whose texts are tokens already.
    private struct Window: Sendable {
        var records: [WindowRecord]
        var outlines: [Result<InputOutline, any Error>]
        /// The identity of all records up to its end.
        var fingerprint: ContentID
    }

    /// What happened, without times.
    var report: EmbeddingReport {
        EmbeddingReport(
            statistics, records: journal.commit.records, vectors: journal.commit.vectors,
            resumed: resumed, dropped: dropped)
    }

    mutating func embedAll(
        progress: @escaping @Sendable (Int) -> Void, isInterrupted: @Sendable () -> Bool
    ) async throws {
        try skipDone()
        progress(resumed)
        var window = try await Self.nextWindow(&reader, embedder, job.role)
        while !window.records.isEmpty {
            guard !isInterrupted() else {
                throw VectorError.interrupted(
                    output: job.output.path, kept: journal.commit.records)
            }
            try stopAtFailure(window.records, window.outlines)
            // The next records are read and cut into tokens while the model computes these.
            let (current, embedder) = (window, embedder)
            async let computed = Self.compute(current, with: embedder, progress)
            window = try await Self.nextWindow(&reader, embedder, job.role)
            try keep(current, try await computed)
        }
    }

    private mutating func skipDone() throws {
        let done = journal.commit
        try reader.skip(done.records)
        guard reader.count == done.records, reader.fingerprint.text == done.fingerprint else {
            throw VectorError.otherRecords(folder: journal.folder.path, count: done.records)
        }
        resumed = done.records
    }

    private static func nextWindow(
        _ reader: inout WindowReader, _ embedder: Embedder, _ role: Role?
    ) async throws -> Window {
        let records = try reader.next()
        let contents = records.map(\.content)
        var usable: [Content] = []
        for case .success(let content) in contents { usable.append(content) }
        var made = try await embedder.outlines(of: usable, as: role).makeIterator()
        let outlines = records.map { record in
            record.content.flatMap { _ in made.next() ?? .failure(ProcessingError.emptyInput) }
        }
        return Window(records: records, outlines: outlines, fingerprint: reader.fingerprint)
    }

    private typealias Computed = (
        results: [Result<Embedding, any Error>], statistics: EmbeddingStatistics
    )

    private static func compute(
        _ window: Window, with embedder: Embedder, _ progress: @escaping @Sendable (Int) -> Void
    ) async throws -> Computed {
        var statistics = EmbeddingStatistics()
        let results = try await embedder.embed(
            window.outlines, statistics: &statistics, progress: progress)
        return (results, statistics)
    }

    private mutating func keep(_ window: Window, _ computed: Computed) throws {
        try stopAtFailure(window.records, computed.results)
        var (entries, values) = ([VectorJournal.Entry](), [Float]())
        for (record, result) in zip(window.records, computed.results) {
            switch result {
            case .success(let embedding):
                entries.append(.init(id: record.id))
                values += embedding.values
            case .failure(let error):
                let error = try Self.located(error, record)
                entries.append(.init(id: record.id, record: record.name, error: error.oneLine))
            }
        }
        for case .success(let outline) in window.outlines {
            dropped.tokens += outline.dropped.tokens
            dropped.images += outline.dropped.images
        }
        statistics.add(computed.statistics)
        try journal.append(entries, values: values, fingerprint: window.fingerprint)
    }

    /// - Throws: the first record's error, unless bad records are left out.
    private func stopAtFailure<Value>(
        _ records: [WindowRecord], _ results: [Result<Value, any Error>]
    ) throws {
        for (record, result) in zip(records, results) {
            guard case .failure(let error) = result else { continue }
            let located = try Self.located(error, record)
            if job.badRecords == .stop { throw located }
        }
    }

    /// The error with the record's place.
    ///
    /// - Throws: an error that no record is to blame for.
    private static func located(
        _ error: any Error, _ record: WindowRecord
    ) throws -> any UserFacingError {
        switch error {
        case let error as DataError: return error
        case let error as VectorError: return error
        case EmbeddingError.notFinite: return VectorError.notFinite(record: record.name)
        case let error as any UserFacingError:
            return VectorError.badRecord(record: record.name, error)
        default: throw error
        }
    }
}
