// An on-disk cache of vectors, which makes interrupted runs resumable.
//
// A folder named by the conditions' fingerprint contains `settings.json` (all conditions),
// `vectors.bin` (float32 rows) and `keys.bin` (32 bytes per row: the key, and a digest of the row).
// A row is valid once its key is written; anything after the last valid row is truncated.

package import Foundation
package import MoCaSystem

/// A cache of vectors by key, appended row by row.
package final class VectorCache {
    /// The number of components of a vector.
    package let width: Int
    private let folder: URL
    private let keys: GrowingFile
    private let vectors: GrowingFile
    private var rows: [ContentID: Int] = [:]
    /// The digest of each row.
    private var digests: [UInt128] = []

    /// Opens or creates the cache of vectors computed under `conditions`, in a folder of its own
    /// below `root`: vectors of other conditions are never found.
    ///
    /// - Throws: `VectorError.cannotKeepVectors`, `.vectorsInUse`, `.damagedVectors`.
    package init(in root: URL, of conditions: VectorConditions) throws {
        width = conditions.dimensions
        do {
            folder = root.appending(path: try conditions.fingerprint())
            try FileSystem.makeFolder(folder)
            keys = try GrowingFile(folder.appending(path: "keys.bin"))
            vectors = try GrowingFile(folder.appending(path: "vectors.bin"))
        } catch {
            throw VectorError.cannotKeepVectors(path: root.path, reason: error.fileReason)
        }
        do {
            try keys.lock()
        } catch {
            throw VectorError.vectorsInUse(folder: folder.path)
        }
        try check(conditions)
        try recover()
    }

    /// The number of cached vectors.
    package var count: Int { digests.count }

    /// The row of a vector; nil if it is not cached.
    package func row(of key: ContentID) -> Int? { rows[key] }

    /// Appends vectors: `values` has a row for each key.
    ///
    /// - Throws: `VectorError.cannotKeepVectors`.
    package func append(_ added: [ContentID], values: [Float]) throws {
        precondition(values.count == added.count * width, "a row a key")
        // Vectors are written first: a key must not exist before its vector.
        try wrapping { try values.withUnsafeBytes { try vectors.append($0) } }
        let entries = added.enumerated().map { number, key in
            let row = values[number * width..<(number + 1) * width]
            return Entry(key: key.value, digest: row.withUnsafeBytes(Self.digest))
        }
        let lines = entries.flatMap { [$0.key.littleEndian, $0.digest.littleEndian] }
        try wrapping { try lines.withUnsafeBytes { try keys.append($0) } }
        for entry in entries { keep(entry) }
    }

    /// Checks that the row of a key is finite and matches its digest.
    ///
    /// - Throws: `VectorError.damagedVectors`, `.cannotKeepVectors`.
    package func verify(_ key: ContentID) throws {
        guard let row = rows[key] else { return }
        var values = [Float](repeating: 0, count: width)
        try values.withUnsafeMutableBytes { try fill($0, from: vectors, at: row * rowByteCount) }
        guard values.allSatisfy(\.isFinite) else { throw damage("row \(row) is not finite") }
        guard values.withUnsafeBytes(Self.digest) == digests[row] else {
            throw damage("row \(row) is not what was kept")
        }
    }

    /// All rows, memory-mapped.
    ///
    /// - Throws: `VectorError.cannotKeepVectors`.
    package func matrix() throws -> VectorMatrix {
        let file = folder.appending(path: "vectors.bin")
        do {
            return VectorMatrix(
                bytes: try Data(contentsOf: file, options: .alwaysMapped), width: width)
        } catch {
            throw VectorError.cannotKeepVectors(
                path: file.path, reason: error.localizedDescription)
        }
    }

    /// The entry of a row in `keys.bin`.
    private struct Entry {
        static let byteCount = 2 * ContentID.byteCount

        let key: UInt128
        let digest: UInt128
    }

    private var rowByteCount: Int { width * MemoryLayout<Float>.size }

    private static func digest(_ bytes: UnsafeRawBufferPointer) -> UInt128 {
        ContentID(of: bytes).value
    }

    /// Writes the conditions, or compares them with the stored ones.
    private func check(_ conditions: VectorConditions) throws {
        let file = folder.appending(path: "settings.json")
        do {
            guard FileManager.default.fileExists(atPath: file.path) else {
                return try AtomicFile.write(conditions.json(), to: file)
            }
            let found = try JSONDecoder().decode(
                VectorConditions.self, from: Data(contentsOf: file))
            guard found != conditions else { return }
        } catch is DecodingError {
            throw damage("settings.json cannot be read")
        } catch {
            throw VectorError.cannotKeepVectors(path: file.path, reason: error.fileReason)
        }
        throw damage("settings.json is of other vectors")
    }

    private func recover() throws {
        var count = 0
        try wrapping {
            count = min(
                try keys.byteCount() / Entry.byteCount, try vectors.byteCount() / rowByteCount)
            try keys.cut(to: count * Entry.byteCount)
            try vectors.cut(to: count * rowByteCount)
        }
        var found = [UInt128](repeating: 0, count: 2 * count)
        try found.withUnsafeMutableBytes { try fill($0, from: keys, at: 0) }
        rows.reserveCapacity(count)
        for row in 0..<count {
            keep(
                Entry(
                    key: UInt128(littleEndian: found[2 * row]),
                    digest: UInt128(littleEndian: found[2 * row + 1])))
        }
    }

    private func keep(_ entry: Entry) {
        rows[ContentID(value: entry.key)] = digests.count
        digests.append(entry.digest)
    }

    private func fill(
        _ buffer: UnsafeMutableRawBufferPointer, from file: GrowingFile, at offset: Int
    ) throws {
        var count = 0
        try wrapping { count = try file.read(into: buffer, at: offset) }
        guard count == buffer.count else {
            throw damage("\(file.url.lastPathComponent) is too short")
        }
    }

    private func wrapping(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as SystemFileError {
            throw VectorError.cannotKeepVectors(path: folder.path, reason: error.reason)
        }
    }

    private func damage(_ reason: String) -> VectorError {
        .damagedVectors(folder: folder.path, reason: reason)
    }
}
