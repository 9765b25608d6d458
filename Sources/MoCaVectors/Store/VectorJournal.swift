// The results of a run so far, stored beside its output until the output is complete.
//
// The folder OUTPUT.progress contains `settings.json`, `vectors.bin` (consecutive float32 rows) and
// `records.jsonl` (a line per record, and after each window a line that commits it). Anything after
// the last commit was incomplete when the run ended, and is truncated.

import Foundation
import MoCaCore
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
    }

    /// The extent of the valid data.
    struct Commit: Codable, Hashable {
        var records = 0
        var vectors = 0
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
        var conditions: VectorConditions
        /// The role whose prompt is applied to each record.
        var role: String?

        func differences(from other: Settings) -> [String] {
            conditions.differences(from: other.conditions) + (role == other.role ? [] : ["prompt"])
        }
    }

    let folder: URL
    private(set) var commit = Commit()
    private let width: Int
    private let records: GrowingFile
    private let vectors: GrowingFile

    /// Starts a new journal, or continues that of an earlier run.
    ///
    /// - Parameters:
    ///   - conditions: the conditions under which the vectors are computed.
    ///   - role: the role whose prompt is applied to each record; nil for none.
    /// - Throws: `VectorError`.
    init(
        beside output: URL, conditions: VectorConditions, role: Role?, resumes: Bool
    ) throws {
        folder = output.appendingPathExtension("progress")
        width = conditions.dimensions
        let settings = Settings(conditions: conditions, role: role?.rawValue)
        let isThere = FileManager.default.fileExists(
            atPath: folder.appending(path: Self.settingsName).path)
        do {
            try FileSystem.makeFolder(folder)
            records = try GrowingFile(folder.appending(path: Self.recordsName))
            vectors = try GrowingFile(folder.appending(path: Self.vectorsName))
        } catch {
            throw VectorError.cannotWrite(
                path: output.path, reason: "its folder \(error.path): \(error.reason)")
        }
        do {
            try records.lock()
        } catch {
            throw VectorError.inUse(folder: folder.path)
        }
        if isThere, resumes {
            try check(settings)
            try recover()
        } else {
            try wrapping {
                try records.cut(to: 0)
                try vectors.cut(to: 0)
                try AtomicFile.write(json: settings, to: settingsFile)
            }
        }
    }

    /// Appends a window: `values` has the rows of the entries without an error, in order.
    ///
    /// - Throws: `VectorError.cannotWrite`.
    func append(_ entries: [Entry], values: [Float], fingerprint: ContentID) throws {
        precondition(values.count % width == 0)
        commit.records += entries.count
        commit.vectors += values.count / width
        commit.fingerprint = fingerprint.text
        let encoder = JSONEncoder()
        var lines = Data()
        for line in entries.map({ Line(entry: $0) }) + [Line(commit: commit)] {
            lines.append(try encoder.encode(line))
            lines.append(UInt8(ascii: "\n"))
        }
        try wrapping {
            // Vectors are written first: the commit line must not exist before them.
            try values.withUnsafeBytes { try vectors.append($0) }
            try vectors.synchronize()
            try records.append(lines)
            try records.synchronize()
        }
    }

    /// Calls `body` with every entry and its vector, empty if the entry has an error.
    ///
    /// - Throws: `VectorError.damagedProgress`, errors of `body`.
    func forEach(_ body: (Entry, [Float]) throws -> Void) throws {
        let rows = try FileHandle(forReadingFrom: vectors.url)
        var buffer = [Float](repeating: 0, count: width)
        var reader = try LineReader(records.url)
        while let data = try reader.next() {
            guard let entry = try decode(data).entry else { continue }
            guard entry.error == nil else {
                try body(entry, [])
                continue
            }
            let bytes = try rows.read(upToCount: width * MemoryLayout<Float>.size) ?? Data()
            guard bytes.count == width * MemoryLayout<Float>.size else {
                throw damage(vectors.url, "it is too short")
            }
            _ = buffer.withUnsafeMutableBytes { bytes.copyBytes(to: $0) }
            try body(entry, buffer)
        }
    }

    /// Removes the journal, once the output is complete.
    ///
    /// - Throws: `VectorError.cannotWrite`.
    func remove() throws {
        try wrapping { try FileSystem.remove(folder) }
    }

    // MARK: Files

    private static let settingsName = "settings.json"
    private static let recordsName = "records.jsonl"
    private static let vectorsName = "vectors.bin"

    private var settingsFile: URL { folder.appending(path: Self.settingsName) }

    private func wrapping(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as SystemFileError {
            throw VectorError.cannotWrite(path: error.path, reason: error.reason)
        }
    }

    private func check(_ settings: Settings) throws {
        let stored: Settings
        do {
            stored = try JSONDecoder().decode(Settings.self, from: Data(contentsOf: settingsFile))
        } catch {
            throw damage(settingsFile, "it is not a list of settings")
        }
        let names = settings.differences(from: stored)
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
        let bytes = commit.vectors * width * MemoryLayout<Float>.size
        guard try vectors.byteCount() >= bytes else {
            throw damage(vectors.url, "it is shorter than records.jsonl says")
        }
        try wrapping {
            try records.cut(to: valid)
            try vectors.cut(to: bytes)
        }
    }

    private func decode(_ data: Data) throws -> Line {
        do {
            return try JSONDecoder().decode(Line.self, from: data)
        } catch {
            throw damage(records.url, "a line is not a record")
        }
    }

    private func damage(_ file: URL, _ reason: String) -> VectorError {
        .damagedProgress(file: file.path, reason: reason)
    }
}
