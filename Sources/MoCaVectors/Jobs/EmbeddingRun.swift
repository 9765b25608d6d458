// Processes the windows of one job in sequence.

import Foundation
import MoCaCore
import MoCaEmbedding
import MoCaModel
import MoCaProcessing
import MoCaSystem
import MoCaTables

/// Embeds windows of records and stores the results in the journal.
struct EmbeddingRun {
    private let job: EmbeddingJob
    private let embedder: Embedder
    private let journal: VectorJournal
    private var reader: WindowReader
    private var statistics = EmbeddingStatistics()
    private var truncated = Truncated()
    private var resumed = 0

    init(
        _ job: EmbeddingJob, _ embedder: Embedder, _ journal: VectorJournal,
        _ reader: WindowReader
    ) {
        (self.job, self.embedder) = (job, embedder)
        (self.journal, self.reader) = (journal, reader)
    }

    /// A window of records with tokenized texts.
    private struct Window: Sendable {
        var records: [WindowRecord]
        var outlines: [Result<InputOutline, any Error>]
        /// The identity of all records up to the end of the window.
        var fingerprint: ContentID
    }

    /// The report of the run, without times.
    var report: EmbeddingReport {
        var report = EmbeddingReport(
            statistics, records: journal.commit.records, vectors: journal.embeddedCount,
            resumed: resumed, truncated: truncated)
        report.notes = reader.notes
        return report
    }

    mutating func embedAll(
        progress: @escaping @Sendable (Int) -> Void,
        isInterrupted: @escaping @Sendable () -> Bool
    ) async throws {
        try skipDone()
        progress(resumed)
        var window = try await Self.nextWindow(&reader, embedder, job.role)
        while !window.records.isEmpty {
            let interrupted = VectorError.interrupted(
                output: job.output.path, kept: journal.commit.records)
            guard !isInterrupted() else { throw interrupted }
            try stopAtFailure(window.records, window.outlines)
            // The next window is read and tokenized while the model computes this one.
            let (current, embedder) = (window, embedder)
            async let computed = Self.compute(current, with: embedder) { count in
                progress(count)
                // The bits of a vector depend on its window, so partial results of a window are
                // discarded.
                guard !isInterrupted() else { throw interrupted }
            }
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
        _ window: Window, with embedder: Embedder,
        _ progress: @escaping @Sendable (Int) throws -> Void
    ) async throws -> Computed {
        var statistics = EmbeddingStatistics()
        let results = try await embedder.embed(
            window.outlines, statistics: &statistics, progress: progress)
        return (results, statistics)
    }

    private mutating func keep(_ window: Window, _ computed: Computed) throws {
        try stopAtFailure(window.records, computed.results)
        var (entries, keys, values) = ([VectorJournal.Entry](), [ContentID](), [Float]())
        for (record, result) in zip(window.records, computed.results) {
            switch result {
            case .success(let embedding):
                let count = embedding.vectorCount
                entries.append(.init(id: record.id, vectorCount: count == 1 ? nil : count))
                keys += Array(repeating: record.key, count: count)
                values += embedding.values
            case .failure(let error):
                let error = try Self.located(error, record)
                entries.append(.init(id: record.id, record: record.name, error: error.oneLine))
            }
        }
        for case .success(let outline) in window.outlines {
            truncated += outline.truncated
        }
        statistics.add(computed.statistics)
        try journal.append(
            entries, keys: keys, values: values, fingerprint: window.fingerprint)
    }

    /// - Throws: the first record's error, unless bad records are skipped.
    private func stopAtFailure<Value>(
        _ records: [WindowRecord], _ results: [Result<Value, any Error>]
    ) throws {
        for (record, result) in zip(records, results) {
            guard case .failure(let error) = result else { continue }
            let located = try Self.located(error, record)
            if job.badRecords == .stop { throw located }
        }
    }

    /// The error with the location of its record.
    ///
    /// - Throws: an error that was not caused by a record.
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
