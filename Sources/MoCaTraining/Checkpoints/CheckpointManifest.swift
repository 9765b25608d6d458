// manifest.json of a checkpoint: which files it has, their sizes and their SHA-256. It is written
// last; `sha256sum` computes the same sums.

import Foundation
import MoCaCore
import MoCaSystem

/// What a checkpoint's folder holds.
struct CheckpointManifest: Sendable, Hashable, Codable {
    /// One file.
    struct File: Sendable, Hashable, Codable {
        var bytes: Int
        var sha256: String
    }

    static let fileName = "manifest.json"
    private static let chunkByteCount = 4 << 20

    /// Of this layout.
    var format = 1
    var step: Int
    /// By name.
    var files: [String: File]

    /// Reads every file of `folder`.
    ///
    /// - Throws: `TrainingError.cannotWrite`: what was just written must be readable.
    init(of folder: URL, step: Int) throws {
        self.step = step
        files = [:]
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
            where name != Self.fileName {
                files[name] = try Self.file(folder.appending(path: name))
            }
        } catch {
            throw TrainingError.cannotWrite(folder, error)
        }
    }

    /// Reads the manifest of a checkpoint.
    ///
    /// - Throws: `TrainingError.badCheckpoint`.
    init(reading folder: URL) throws {
        let url = folder.appending(path: Self.fileName)
        guard FileManager.default.fileExists(atPath: url.path) else {
            throw TrainingError.badCheckpoint(path: folder.path, reason: "it has no manifest.json")
        }
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: url))
        } catch {
            throw TrainingError.badCheckpoint(
                path: folder.path, reason: "its manifest.json cannot be read")
        }
    }

    /// Writes the manifest into `folder`.
    ///
    /// - Throws: `TrainingError.cannotWrite`.
    func write(to folder: URL) throws {
        try RunFile.write(json: self, to: folder.appending(path: Self.fileName))
    }

    /// The bytes of all files.
    var byteCount: Int { files.values.reduce(0) { $0 + $1.bytes } }

    // MARK: Checks

    /// - Throws: `TrainingError.badCheckpoint` for a file that is missing or of another size.
    func checkSizes(of folder: URL) throws {
        for (name, file) in files.sorted(by: { $0.key < $1.key }) {
            var status = stat()
            guard stat(folder.appending(path: name).path, &status) == 0 else {
                throw TrainingError.badCheckpoint(path: folder.path, reason: "\(name) is missing")
            }
            guard Int(status.st_size) == file.bytes else {
                throw TrainingError.badCheckpoint(
                    path: folder.path,
                    reason: "\(name) has \(status.st_size) bytes, not \(file.bytes)")
            }
        }
    }

    /// - Throws: `TrainingError.badCheckpoint` for a file whose contents are others.
    func checkContents(of folder: URL) throws {
        try checkSizes(of: folder)
        for (name, file) in files.sorted(by: { $0.key < $1.key }) {
            let found: File
            do {
                found = try Self.file(folder.appending(path: name))
            } catch {
                throw TrainingError.badCheckpoint(
                    path: folder.path,
                    reason: "\(name) cannot be read (\(error.localizedDescription))")
            }
            guard found == file else {
                throw TrainingError.badCheckpoint(
                    path: folder.path,
                    reason: "the contents of \(name) are not those that were written")
            }
        }
    }

    private static func file(_ url: URL) throws -> File {
        let handle = try FileHandle(forReadingFrom: url)
        var (hash, count) = (SHA256(), 0)
        while let chunk = try handle.read(upToCount: chunkByteCount), !chunk.isEmpty {
            hash.add(chunk)
            count += chunk.count
        }
        try handle.close()
        return File(bytes: count, sha256: hash.hexadecimal)
    }
}
