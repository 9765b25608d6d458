// The results of a run so far, stored beside its output until the output is complete.
//
// The folder OUTPUT.progress is a `VectorStore` with one more file, `records.jsonl`: a line per
// record, and after each window a line that commits it. Anything after the last commit was
// incomplete when the run ended, and is truncated.

import Foundation
import MoCaCore
import MoCaSettings
import MoCaSystem
import MoCaTables

/// A journal of vectors and records in input order, written window by window.
final class VectorJournal {
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
    }

    /// A line of `records.jsonl`.
    private struct Line: Codable {
        var entry: Entry?
        var commit: Commit?
    }

    /// The contents of `settings.json`: how the vectors are computed.
    private struct Settings: Codable {
        static let currentFormat = 2

        /// The version of the folder's layout; nil before versions were stored.
        var format: Int? = currentFormat
        var conditions: VectorConditions
        /// The role whose prompt is applied to each record.
        var role: String?

        func differences(from other: Settings) -> [String] {
            conditions.differences(from: other.conditions) + (role == other.role ? [] : ["prompt"])
        }
    }

    private(set) var commit = Commit()
    private let store: VectorStore
    private let records: GrowingFile

    /// Starts a new journal, or continues that of an earlier run.
    ///
    /// - Parameters:
    ///   - conditions: the conditions under which the vectors are computed.
    ///   - role: the role whose prompt is applied to each record; nil for none.
    /// - Throws: `VectorError`.
    init(
        beside output: URL, conditions: VectorConditions, role: Role?, resumes: Bool
    ) throws {
        let folder = output.appendingPathExtension("progress")
        let settings = Settings(conditions: conditions, role: role?.rawValue)
        store = try VectorStore(
            in: folder, for: .progress(output: output), width: conditions.dimensions,
            settings: try JSONFormat.indented.data(settings), keepsRows: resumes,
            companions: [Self.recordsName]
        ) {
            try Self.check(settings, stored: $0, in: folder)
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
    ///   - fingerprint: the fingerprint of all records up to the end of the window.
    /// - Throws: `VectorError.cannotWrite`.
    func append(
        _ entries: [Entry], keys: [ContentID], values: [Float], fingerprint: ContentID
    ) throws {
        // Vectors are written first: the commit line must not exist before them.
        try store.append(keys: keys, values: values, synchronizes: true)
        commit.records += entries.count
        let failures = entries.count { $0.error != nil }
        if failures > 0 { commit.failures = (commit.failures ?? 0) + failures }
        commit.vectors += keys.count
        commit.fingerprint = fingerprint.text
        let lines = entries.map { Line(entry: $0) } + [Line(commit: commit)]
        let data = try JSONFormat.lines(lines)
        try wrapping {
            try records.append(data)
            try records.synchronize()
        }
    }

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

    private static let recordsName = "records.jsonl"

    private func wrapping(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as SystemFileError {
            throw VectorError.cannotWrite(path: error.path, reason: error.reason)
        }
    }

    private static func check(_ settings: Settings, stored: Data, in folder: URL) throws {
        let file = folder.appending(path: "settings.json").path
        let found: Settings
        do {
            found = try JSONDecoder().decode(Settings.self, from: stored)
        } catch {
            throw VectorError.damagedProgress(file: file, reason: "it is not a list of settings")
        }
        guard found.format == Settings.currentFormat else {
            throw VectorError.damagedProgress(
                file: file, reason: "another version of this program wrote it")
        }
        let names = settings.differences(from: found)
        guard names.isEmpty else {
            throw VectorError.otherSettings(folder: folder.path, names: names)
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
