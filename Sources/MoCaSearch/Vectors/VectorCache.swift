// The vectors of a run, kept on disk so that an interrupted run goes on.
//
// A folder of the model's fingerprint holds `vectors.bin` (float32 rows) and `keys.bin` (16 bytes a
// row). A row counts once its key is there; what stands after the last such row is cut.

package import Foundation

/// Vectors by key, written row after row.
package final class VectorCache {
    /// Numbers of a vector.
    package let width: Int
    private let folder: URL
    private let keys: Int32
    private let vectors: Int32
    private var rows: [ContentKey: Int] = [:]
    private var keysInOrder: [ContentKey] = []

    /// Opens or makes the cache in `folder`.
    ///
    /// - Throws: `SearchError.cannotKeepVectors`, `.vectorsInUse`.
    package init(folder: URL, width: Int) throws {
        (self.folder, self.width) = (folder, width)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw SearchError.cannotKeepVectors(
                path: folder.path, reason: error.localizedDescription)
        }
        let flags = O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC
        keys = open(folder.appending(path: "keys.bin").path, flags, 0o644)
        vectors = open(folder.appending(path: "vectors.bin").path, flags, 0o644)
        guard keys >= 0, vectors >= 0 else { throw failure() }
        guard flock(keys, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK else {
            throw SearchError.vectorsInUse(folder: folder.path)
        }
        try recover()
    }

    deinit {
        for descriptor in [keys, vectors] where descriptor >= 0 { close(descriptor) }
    }

    /// Vectors that are kept.
    package var count: Int { keysInOrder.count }

    /// The row of a vector; nil where it is not kept.
    package func row(of key: ContentKey) -> Int? { rows[key] }

    /// The key of a row.
    package func key(of row: Int) -> ContentKey { keysInOrder[row] }

    /// Keeps vectors: `values` has a row for each of `keys`.
    ///
    /// - Throws: `SearchError.cannotKeepVectors`.
    package func append(_ added: [ContentKey], values: [Float]) throws {
        precondition(values.count == added.count * width, "a row a key")
        // The vectors first: a key must not be there before its vector.
        try values.withUnsafeBytes { try write($0, to: vectors) }
        try added.map(\.value.littleEndian).withUnsafeBytes { try write($0, to: keys) }
        for key in added { keep(key) }
    }

    /// All rows, mapped.
    ///
    /// - Throws: `SearchError.cannotKeepVectors`.
    package func matrix() throws -> VectorMatrix {
        let file = folder.appending(path: "vectors.bin")
        do {
            return VectorMatrix(
                bytes: try Data(contentsOf: file, options: .alwaysMapped), width: width)
        } catch {
            throw SearchError.cannotKeepVectors(
                path: file.path, reason: error.localizedDescription)
        }
    }

    private var rowByteCount: Int { width * MemoryLayout<Float>.size }

    private func recover() throws {
        let count = min(
            Int(lseek(keys, 0, SEEK_END)) / ContentKey.byteCount,
            Int(lseek(vectors, 0, SEEK_END)) / rowByteCount)
        guard ftruncate(keys, off_t(count * ContentKey.byteCount)) == 0,
            ftruncate(vectors, off_t(count * rowByteCount)) == 0
        else { throw failure() }
        var found = [UInt128](repeating: 0, count: count)
        let isRead = found.withUnsafeMutableBytes { bytes in
            var done = 0
            while done < bytes.count {
                let read = pread(
                    keys, bytes.baseAddress?.advanced(by: done), bytes.count - done, off_t(done))
                guard read > 0 else { return false }
                done += read
            }
            return true
        }
        guard isRead else { throw failure() }
        rows.reserveCapacity(count)
        for value in found { keep(ContentKey(value: UInt128(littleEndian: value))) }
    }

    private func keep(_ key: ContentKey) {
        rows[key] = keysInOrder.count
        keysInOrder.append(key)
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

    private func failure() -> SearchError {
        .cannotKeepVectors(path: folder.path, reason: String(cString: strerror(errno)))
    }
}
