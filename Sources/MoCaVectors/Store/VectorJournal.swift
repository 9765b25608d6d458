// What a run has computed so far, kept beside its output until the output is complete.
//
// The folder OUTPUT.progress holds `settings.json`, `vectors.bin` (float32 rows, one after the
// other) and `records.jsonl` (a line a record, and after each window a line that makes it valid).
// Whatever stands after the last such line was being written when the run ended, and is cut.

import Foundation
import MoCaCore
import MoCaTables

/// Vectors and records in input order, written window by window.
final class VectorJournal {
    /// One record.
    struct Entry: Codable, Sendable, Hashable {
        /// The record's id; nil where it could not be read.
        var id: String?
        /// What messages call the record; only for one without a vector.
        var record: String?
        /// Why it has no vector.
        var error: String?
    }

    /// How much is valid.
    struct Commit: Codable, Hashable {
        var records = 0
        var vectors = 0
        /// Of the records so far.
        var fingerprint = Digest().text
    }

    /// A line of `records.jsonl`.
    private struct Line: Codable {
        var entry: Entry?
        var commit: Commit?
    }

    /// What the vectors are computed with: `settings.json`.
    private struct Settings: Codable {
        var conditions: VectorConditions
        /// The prompt around each record.
        var role: String?

        func differences(from other: Settings) -> [String] {
            conditions.differences(from: other.conditions) + (role == other.role ? [] : ["prompt"])
        }
    }

    let folder: URL
    private(set) var commit = Commit()
    private let width: Int
    private var records: Int32 = -1
    private var vectors: Int32 = -1

    /// Starts anew, or goes on where an earlier run stopped.
    ///
    /// - Parameters:
    ///   - conditions: what the vectors are computed with.
    ///   - role: the prompt around each record; nil for none.
    /// - Throws: `VectorError`.
    init(
        beside output: URL, conditions: VectorConditions, role: Role?, resumes: Bool
    ) throws {
        folder = output.appendingPathExtension("progress")
        width = conditions.dimensions
        let settings = Settings(conditions: conditions, role: role?.rawValue)
        let isThere = FileManager.default.fileExists(atPath: settingsFile.path)
        if isThere, resumes { try check(settings) }
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        } catch CocoaError.fileWriteFileExists {
            // Left by an earlier run.
        } catch {
            throw VectorError.cannotWrite(
                path: output.path, reason: "its folder \(error.localizedDescription)")
        }
        records = try openFile(recordsFile)
        vectors = try openFile(vectorsFile)
        guard flock(records, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
            throw VectorError.inUse(folder: folder.path)
        }
        if isThere, resumes {
            try recover()
        } else {
            try cut(records, 0)
            try cut(vectors, 0)
            try write(settings)
        }
    }

    deinit {
        for descriptor in [records, vectors] where descriptor >= 0 { close(descriptor) }
    }

    /// Appends a window: `values` has the rows of the entries without an error, in order.
    ///
    /// - Throws: `VectorError.cannotWrite`.
    func append(_ entries: [Entry], values: [Float], fingerprint: Digest) throws {
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
        // The vectors first: a line that makes them valid must not be there before them.
        guard values.withUnsafeBytes({ writeAll($0, to: vectors) }), fsync(vectors) == 0 else {
            throw failure(vectorsFile)
        }
        guard writeAll(lines, to: records), fsync(records) == 0 else {
            throw failure(recordsFile)
        }
    }

    /// Calls `body` with every entry, and with its vector where it has one.
    ///
    /// - Throws: `VectorError.damagedProgress`, and what `body` throws.
    func forEach(_ body: (Entry, [Float]) throws -> Void) throws {
        let rows = try FileHandle(forReadingFrom: vectorsFile)
        var buffer = [Float](repeating: 0, count: width)
        var reader = try LineReader(recordsFile)
        while let data = try reader.next() {
            guard let entry = try decode(data).entry else { continue }
            guard entry.error == nil else {
                try body(entry, [])
                continue
            }
            let bytes = try rows.read(upToCount: width * MemoryLayout<Float>.size) ?? Data()
            guard bytes.count == width * MemoryLayout<Float>.size else {
                throw damage(vectorsFile, "it is too short")
            }
            _ = buffer.withUnsafeMutableBytes { bytes.copyBytes(to: $0) }
            try body(entry, buffer)
        }
    }

    /// Removes everything: the output is complete.
    ///
    /// - Throws: `VectorError.cannotWrite`.
    func remove() throws {
        do {
            try FileManager.default.removeItem(at: folder)
        } catch {
            throw VectorError.cannotWrite(
                path: folder.path, reason: error.localizedDescription)
        }
    }

    // MARK: Files

    private var settingsFile: URL { folder.appending(path: "settings.json") }
    private var recordsFile: URL { folder.appending(path: "records.jsonl") }
    private var vectorsFile: URL { folder.appending(path: "vectors.bin") }

    private func openFile(_ url: URL) throws -> Int32 {
        let descriptor = open(url.path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(url) }
        return descriptor
    }

    private func cut(_ descriptor: Int32, _ length: Int) throws {
        guard ftruncate(descriptor, off_t(length)) == 0 else { throw failure(folder) }
    }

    private func write(_ settings: Settings) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        do {
            try encoder.encode(settings).write(to: settingsFile, options: .atomic)
        } catch {
            throw VectorError.cannotWrite(
                path: settingsFile.path, reason: error.localizedDescription)
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

    /// Finds the last valid window, and cuts what follows it.
    private func recover() throws {
        var reader = try LineReader(recordsFile)
        var (length, valid) = (0, 0)
        while let data = try reader.next() {
            length += data.count + 1
            do {
                if let found = try decode(data).commit { (commit, valid) = (found, length) }
            } catch {
                // A killed run leaves half a line; nothing after it counts.
                break
            }
        }
        let bytes = commit.vectors * width * MemoryLayout<Float>.size
        guard lseek(vectors, 0, SEEK_END) >= bytes else {
            throw damage(vectorsFile, "it is shorter than records.jsonl says")
        }
        try cut(records, valid)
        try cut(vectors, bytes)
    }

    private func decode(_ data: Data) throws -> Line {
        do {
            return try JSONDecoder().decode(Line.self, from: data)
        } catch {
            throw damage(recordsFile, "a line is not a record")
        }
    }

    private func damage(_ file: URL, _ reason: String) -> VectorError {
        .damagedProgress(file: file.path, reason: reason)
    }

    private func failure(_ file: URL) -> VectorError {
        .cannotWrite(path: file.path, reason: String(cString: strerror(errno)))
    }
}
