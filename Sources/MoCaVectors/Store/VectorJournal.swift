// The results of a run so far, stored beside its output until the output is complete.
//
// The folder OUTPUT.progress is a `VectorStore` with one more file, `records.jsonl`: a line per
// record, and after each window a line that commits it. Anything after the last commit was
// incomplete when the run ended, and is truncated. One of several shards has the folder
// OUTPUT.part-I-of-N, which stays when the shard is complete, with `complete.json` as last file.

import Foundation
import MoCaCore
import MoCaSettings
import MoCaSystem
import MoCaTables

/// A journal of vectors and records in input order, written window by window.
final class VectorJournal: RecordVectors {
    /// The entry of one record.
    struct Entry: Codable, Sendable, Hashable {
        /// The record's id; nil if it could not be read.
        var id: String?
        /// The name of the record in messages; only set without a vector.
        var record: String?
        /// The reason why the record has no vector.
        var error: String?
        /// The number of vectors of the record; nil for one.
        var vectorCount: Int?

        private enum CodingKeys: String, CodingKey {
            case id, record, error
            case vectorCount = "vectors"
        }
    }

    /// The extent of the valid data.
    struct Commit: Codable, Hashable {
        var records = 0
        /// The number of vectors, of which a record may have several.
        var vectors = 0
        /// The number of records without a vector; nil for none.
        var failures: Int?
        /// The fingerprint of the records so far.
        var fingerprint = ContentHasher().id.text
        /// The number of records of the input up to here, those of other shards included; nil if
        /// there are no others.
        var read: Int?

        /// The number of records of the input up to here.
        var inputRecords: Int { read ?? records }
    }

    /// A line of `records.jsonl`.
    struct Line: Codable {
        var entry: Entry?
        var commit: Commit?
    }

    private(set) var commit = Commit()
    let settings: JournalSettings
    private let store: VectorStore
    private let records: GrowingFile

    /// Starts a new journal, or continues that of an earlier run.
    ///
    /// - Parameters:
    ///   - output: the file that the vectors are written to when all are there.
    ///   - resumes: whether to continue; false removes what an earlier run left.
    /// - Throws: `VectorError`.
    init(of output: URL, settings: JournalSettings, resumes: Bool) throws {
        let folder =
            settings.part?.shard.part(of: output) ?? output.appendingPathExtension("progress")
        self.settings = settings
        store = try VectorStore(
            in: folder, for: .progress(output: output), width: settings.conditions.dimensions,
            settings: try JSONFormat.indented.data(settings), keepsRows: resumes,
            companions: [PartCompletion.fileName, Self.recordsName]
        ) {
            let stored = try JournalSettings(reading: $0, in: folder)
            let names = settings.differences(from: stored)
            guard names.isEmpty else {
                throw VectorError.otherSettings(folder: folder.path, names: names)
            }
        }
        do {
            records = try GrowingFile(folder.appending(path: Self.recordsName))
        } catch {
            throw VectorStore.Purpose.progress(output: output).cannotOpen(error)
        }
        try recover()
    }

    /// The folder of the journal.
    var folder: URL { store.folder }

    /// Appends a window.
    ///
    /// - Parameters:
    ///   - keys: the keys of the entries without an error, in order.
    ///   - values: the rows of the entries without an error, in order.
    ///   - end: the records of the input up to the end of the window.
    /// - Throws: `VectorError.cannotWrite`.
    func append(
        _ entries: [Entry], keys: [ContentID], values: [Float], end: InputExtent
    ) throws {
        // Vectors are written first: the commit line must not exist before them.
        try store.append(keys: keys, values: values, synchronizes: true)
        commit.records += entries.count
        let failures = entries.count { $0.error != nil }
        if failures > 0 { commit.failures = (commit.failures ?? 0) + failures }
        commit.vectors += keys.count
        commit.fingerprint = end.fingerprint
        commit.read = settings.part == nil ? nil : end.records
        let lines = entries.map { Line(entry: $0) } + [Line(commit: commit)]
        let data = try JSONFormat.lines(lines)
        try wrapping {
            try records.append(data)
            try records.synchronize()
        }
    }

    /// Marks the part of a shard as complete: nothing will be appended.
    ///
    /// - Parameters:
    ///   - input: the extent of the whole input.
    ///   - report: the report of the run that completed the part.
    /// - Throws: `VectorError.cannotWrite`.
    func complete(_ input: InputExtent, _ report: EmbeddingReport) throws {
        let digest = try PartCompletion.digest(of: records.url)
        let completion = PartCompletion(
            input: input, records: commit.records, vectors: commit.vectors,
            failures: commit.failures ?? 0, recordsDigest: digest, report: report)
        try wrapping {
            try AtomicFile.write(
                json: completion, as: .document,
                to: folder.appending(path: PartCompletion.fileName))
        }
    }

    /// The completion of an earlier run of the shard; nil if the part is incomplete.
    ///
    /// - Throws: `VectorError.damagedProgress`.
    func completion() throws -> PartCompletion? {
        guard let found = try PartCompletion(in: folder) else { return nil }
        return found.records == commit.records && found.vectors == commit.vectors ? found : nil
    }

    /// The number of records, those without vectors included.
    var recordCount: Int { commit.records }

    /// The number of vectors, of which a record may have several.
    var vectorCount: Int { commit.vectors }

    /// The number of records with vectors.
    var embeddedCount: Int { commit.records - (commit.failures ?? 0) }

    /// Calls `body` with every entry that has vectors, and its vectors one after the other.
    ///
    /// - Throws: `VectorError.damagedProgress`, errors of `body`.
    func forEachRecord(_ body: (Entry, [Float]) throws -> Void) throws {
        var row = 0
        try forEachEntry { entry in
            guard entry.error == nil else { return }
            let end = row + (entry.vectorCount ?? 1)
            guard end <= store.count else {
                throw damage("it has more vectors than the other files of its folder")
            }
            try body(entry, try (row..<end).flatMap { try store.values(ofRow: $0) })
            row = end
        }
    }

    /// Calls `body` with every entry.
    ///
    /// - Throws: `VectorError.damagedProgress`, errors of `body`.
    func forEachEntry(_ body: (Entry) throws -> Void) throws {
        var reader = try LineReader(records.url)
        while let data = try reader.next() {
            if let entry = try decode(data).entry { try body(entry) }
        }
    }

    /// Removes the journal, once the output is complete.
    ///
    /// - Throws: `VectorError.cannotWrite`.
    func remove() throws {
        try wrapping { try FileSystem.remove(folder) }
    }

    // MARK: Files

    static let recordsName = "records.jsonl"

    private func wrapping(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as SystemFileError {
            throw VectorError.cannotWrite(path: error.path, reason: error.reason)
        }
    }

    /// Finds the last committed window, and truncates what follows it.
    private func recover() throws {
        var reader = try LineReader(records.url)
        var (length, valid) = (0, 0)
        while let data = try reader.next() {
            length += data.count + 1
            do {
                if let found = try decode(data).commit { (commit, valid) = (found, length) }
            } catch {
                // A killed run may leave a partial line; everything after it is ignored.
                break
            }
        }
        guard store.count >= commit.vectors else {
            throw damage("it has more vectors than the other files of its folder")
        }
        try store.truncate(to: commit.vectors)
        try wrapping { try records.cut(to: valid) }
    }

    private func decode(_ data: Data) throws -> Line {
        do {
            return try JSONDecoder().decode(Line.self, from: data)
        } catch {
            throw damage("a line is not a record")
        }
    }

    private func damage(_ reason: String) -> VectorError {
        .damagedProgress(file: records.url.path, reason: reason)
    }
}
