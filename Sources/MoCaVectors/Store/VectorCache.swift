// The vectors of a run, kept on disk so that an interrupted run goes on.
//
// A folder of the conditions' fingerprint holds `settings.json` (the conditions in full),
// `vectors.bin` (float32 rows) and `keys.bin` (32 bytes a row: the key, and a digest of the row). A row
// counts once its key is there; what stands after the last such row is cut.

package import Foundation
package import MoCaEmbedding
/// Vectors by key, written row after row.
package final class VectorCache {
    /// Numbers of a vector.
    package let width: Int
    private let folder: URL
    private let keys: Int32
    private let vectors: Int32
    private var rows: [ContentKey: Int] = [:]
    /// The digest of each row.
    private var digests: [UInt128] = []

    /// Opens or makes the cache of vectors that are computed under `conditions`, in a folder of
    /// theirs below `root`: vectors of other conditions are never found.
    ///
    /// - Throws: `VectorError.cannotKeepVectors`, `.vectorsInUse`, `.damagedVectors`.
    package init(in root: URL, of conditions: VectorConditions) throws {
        width = conditions.dimensions
        do {
            folder = root.appending(path: try conditions.fingerprint())
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw VectorError.cannotKeepVectors(
                path: root.path, reason: error.localizedDescription)
        }
        let flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC
        keys = open(folder.appending(path: "keys.bin").path, flags, 0o644)
        vectors = open(folder.appending(path: "vectors.bin").path, flags, 0o644)
        guard keys >= 0, vectors >= 0 else { throw failure() }
        guard flock(keys, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
            throw VectorError.vectorsInUse(folder: folder.path)
        }
        try check(conditions)
        try recover()
    }

    deinit {
        for descriptor in [keys, vectors] where descriptor >= 0 { close(descriptor) }
    }

    /// Vectors that are kept.
    package var count: Int { digests.count }

    /// The row of a vector; nil where it is not kept.
    package func row(of key: ContentKey) -> Int? { rows[key] }

    /// Keeps vectors: `values` has a row for each of `keys`.
    ///
    /// - Throws: `VectorError.cannotKeepVectors`.
    package func append(_ added: [ContentKey], values: [Float]) throws {
        precondition(values.count == added.count * width, "a row a key")
        // The vectors first: a key must not be there before its vector.
        try values.withUnsafeBytes { try write($0, to: vectors) }
        let entries = added.enumerated().map { number, key in
            let row = values[number * width..<(number + 1) * width]
            return Entry(key: key.value, digest: row.withUnsafeBytes(Self.digest))
        }
        try entries.flatMap { [$0.key.littleEndian, $0.digest.littleEndian] }
            .withUnsafeBytes { try write($0, to: keys) }
        for entry in entries { keep(entry) }
    }

    /// Checks that a row is what was kept under its key: finite, and with the digest that it had.
    ///
    /// - Throws: `VectorError.damagedVectors`, `.cannotKeepVectors`.
    package func verify(_ key: ContentKey) throws {
        guard let row = rows[key] else { return }
        var values = [Float](repeating: 0, count: width)
        let isRead = values.withUnsafeMutableBytes {
            read($0, from: vectors, at: row * rowByteCount)
        }
        guard isRead else { throw failure() }
        guard values.allSatisfy(\.isFinite) else { throw damage("row \(row) is not finite") }
        guard values.withUnsafeBytes(Self.digest) == digests[row] else {
            throw damage("row \(row) is not what was kept")
        }
    }

    /// All rows, mapped.
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

    /// What `keys.bin` says of a row.
    private struct Entry {
        static let byteCount = 2 * ContentKey.byteCount

        let key: UInt128
        let digest: UInt128
    }

    private var rowByteCount: Int { width * MemoryLayout<Float>.size }

    private static func digest(_ bytes: UnsafeRawBufferPointer) -> UInt128 {
        var digest = Digest()
        digest.add(bytes)
        return digest.value
    }

    /// Writes the conditions, or compares them with those that are there.
    private func check(_ conditions: VectorConditions) throws {
        let file = folder.appending(path: "settings.json")
        do {
            guard FileManager.default.fileExists(atPath: file.path) else {
                return try conditions.json().write(to: file, options: .atomic)
            }
            let found = try JSONDecoder().decode(
                VectorConditions.self, from: Data(contentsOf: file))
            guard found != conditions else { return }
        } catch is DecodingError {
            throw damage("settings.json cannot be read")
        } catch {
            throw VectorError.cannotKeepVectors(
                path: file.path, reason: error.localizedDescription)
        }
        throw damage("settings.json is of other vectors")
    }

    private func recover() throws {
        let count = min(
            Int(lseek(keys, 0, SEEK_END)) / Entry.byteCount,
            Int(lseek(vectors, 0, SEEK_END)) / rowByteCount)
        guard ftruncate(keys, off_t(count * Entry.byteCount)) == 0,
            ftruncate(vectors, off_t(count * rowByteCount)) == 0
        else { throw failure() }
        var found = [UInt128](repeating: 0, count: 2 * count)
        guard found.withUnsafeMutableBytes({ read($0, from: keys, at: 0) }) else { throw failure() }
        rows.reserveCapacity(count)
        for row in 0..<count {
            keep(
                Entry(
                    key: UInt128(littleEndian: found[2 * row]),
                    digest: UInt128(littleEndian: found[2 * row + 1])))
        }
    }

    private func keep(_ entry: Entry) {
        rows[ContentKey(value: entry.key)] = digests.count
        digests.append(entry.digest)
    }

    private func read(
        _ bytes: UnsafeMutableRawBufferPointer, from descriptor: Int32, at offset: Int
    ) -> Bool {
        var done = 0
        while done < bytes.count {
            let read = pread(
                descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done,
                off_t(offset + done))
            if read < 0, errno == EINTR { continue }
            guard read > 0 else { return false }
            done += read
        }
        return true
    }

    private func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let chunk = UnsafeRawBufferPointer(rebasing: rest)
            let written = Foundation.write(
                descriptor, chunk.baseAddress, min(chunk.count, 1 << 30))
            if written < 0, errno == EINTR { continue }
            guard written > 0 else { throw failure() }
            rest = rest.dropFirst(written)
        }
    }

    private func failure() -> VectorError {
        .cannotKeepVectors(path: folder.path, reason: String(cString: strerror(errno)))
    }

    private func damage(_ reason: String) -> VectorError {
        .damagedVectors(folder: folder.path, reason: reason)
    }
}
