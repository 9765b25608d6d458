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
    let journal: VectorJournal
    private let job: EmbeddingJob
    private let embedder: Embedder
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
        /// The records of the input up to the end of the window.
        var end: InputExtent
    }

    /// The records that were read so far, those of other shards included.
    var input: InputExtent { reader.extent }

    /// The report of the run, without times.
    var report: EmbeddingReport {
        var report = EmbeddingReport(
            statistics, records: journal.commit.records, vectors: journal.embeddedCount,
            resumed: resumed, truncated: truncated)
        report.notes = reader.notes
        return report
    }

    /// Embeds the windows that no earlier run has embedded.
    ///
    /// - Parameters:
    ///   - progress: called with numbers of completed records; those of other shards count as soon
    ///     as they are passed over.
    ///   - isInterrupted: called after each batch; if true, the run ends.
    mutating func embedAll(
        progress: @escaping @Sendable (Int) -> Void,
        isInterrupted: @escaping @Sendable () -> Bool
    ) async throws {
        try skipDone()
        progress(reader.count)
        var passed = reader.count
        var window = try await Self.nextWindow(&reader, embedder, job.role)
        while !window.records.isEmpty {
            let interrupted = interruption
            guard !isInterrupted() else { throw interrupted }
            try stopAtFailure(window.records, window.outlines)
            progress(window.end.records - window.records.count - passed)
            passed = window.end.records
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
        guard !reader.wasInterrupted else { throw interruption }
        progress(reader.count - passed)
    }

    private var interruption: VectorError {
        .interrupted(output: job.output.path, kept: journal.commit.records)
    }

    /// Skips the records that an earlier run embedded, or all of them if it completed its part.
    private mutating func skipDone() throws {
        let done = journal.commit
        try reader.skip(done.inputRecords)
        guard !reader.wasInterrupted else { throw interruption }
        guard reader.count == done.inputRecords, reader.fingerprint.text == done.fingerprint
        else { throw otherRecords(done.inputRecords) }
        resumed = done.records
        guard let completion = try journal.completion() else { return }
        try reader.skip(completion.input.records)
        // Records that were added since would be in other windows than those of one process.
        let isAtEnd = try reader.next().isEmpty
        guard !reader.wasInterrupted else { throw interruption }
        guard isAtEnd, input == completion.input else {
            throw otherRecords(completion.input.records)
        }
    }

    private func otherRecords(_ count: Int) -> VectorError {
        .otherRecords(folder: journal.folder.path, count: count)
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
        return Window(records: records, outlines: outlines, end: reader.extent)
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
        try journal.append(entries, keys: keys, values: values, end: window.end)
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
