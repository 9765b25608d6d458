// manifest.json of a checkpoint: the names, sizes and SHA-256 sums of its files. It is written
// last; `sha256sum` computes the same sums.

import Foundation
import MoCaCore
import MoCaSystem

/// The list of the files in a checkpoint folder.
struct CheckpointManifest: Sendable, Hashable, Codable {
    /// The size and checksum of one file.
    struct File: Sendable, Hashable, Codable {
        var bytes: Int
        var sha256: String
    }

    static let fileName = "manifest.json"
    private static let chunkByteCount = 4 << 20

    /// The version of the manifest layout.
    var format = 1
    var step: Int
    /// The files by name.
    var files: [String: File]

    /// Creates the manifest of the files in `folder`, reading each of them but the `known` ones,
    /// which other processes have written and read.
    ///
    /// - Throws: `TrainingError.cannotWrite`, because files just written must be readable.
    init(of folder: URL, step: Int, known: [String: File] = [:]) throws {
        self.step = step
        files = known
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: folder.path)
            where name != Self.fileName && known[name] == nil {
                files[name] = try Self.file(folder.appending(path: name))
            }
        } catch {
            throw TrainingError.cannotWrite(folder, error)
        }
        try checkSizes(of: folder)
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

    /// The size of all files in bytes.
    var byteCount: Int { files.values.reduce(0) { $0 + $1.bytes } }

    // MARK: Checks

    /// Checks that all files exist with the recorded sizes.
    ///
    /// - Throws: `TrainingError.badCheckpoint` for a file that is missing or has another size.
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

    /// Checks the sizes and checksums of all files.
    ///
    /// - Throws: `TrainingError.badCheckpoint` for a file that is missing or has other contents.
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

    /// Reads a file and returns its size and checksum.
    static func file(_ url: URL) throws -> File {
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
