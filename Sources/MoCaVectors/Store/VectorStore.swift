// Vectors on disk, which remain usable after a kill: rows, their keys, and how they were computed.
//
// A folder contains `settings.json` (how the vectors were computed), `vectors.bin` (consecutive
// float32 rows) and `keys.bin` (32 bytes per row: the key, and a digest of the row). Where rows have
// several vectors each, `lengths.bin` has their numbers. A row is committed once its key is written;
// anything after the last committed row is truncated.

package import Foundation
package import MoCaSystem

/// Rows of vectors with their keys, appended in order by one process.
///
/// `CachedEmbedder` finds vectors of earlier runs by key; an embedding job uses the rows in order to
/// continue after an interruption.
package final class VectorStore {
    /// The number of components of a vector.
    package let width: Int
    /// The number of committed rows.
    package private(set) var count = 0
    let folder: URL
    private let purpose: Purpose
    let keys: GrowingFile
    private let vectors: GrowingFile
    /// The lengths of rows that have one or more vectors each; nil if each row is one vector.
    private var lengths: RowLengths?
    /// The row of each key; nil until the first search.
    private var index: [ContentID: Int]?

    static let settingsName = "settings.json"
    static let keysName = "keys.bin"
    static let vectorsName = "vectors.bin"

    /// Opens or creates a store, and locks it.
    ///
    /// - Parameters:
    ///   - width: the number of components of a vector.
    ///   - isRagged: whether a row has one or more vectors.
    ///   - settings: the contents of `settings.json`: how new vectors will be computed.
    ///   - keepsRows: whether rows of earlier runs are kept; false removes them.
    ///   - companions: the names of further files in the folder, which are removed with the rows, in
    ///     this order.
    ///   - checkSettings: called with the stored settings of rows that are kept; throws if new
    ///     vectors do not belong to them.
    /// - Throws: `VectorError`, errors of `checkSettings`.
    init(
        in folder: URL, for purpose: Purpose, width: Int, isRagged: Bool = false, settings: Data,
        keepsRows: Bool = true, companions: [String] = [], checkSettings: (Data) throws -> Void
    ) throws {
        self.folder = folder
        self.purpose = purpose
        self.width = width
        do {
            try FileSystem.makeFolder(folder)
            keys = try GrowingFile(folder.appending(path: Self.keysName))
            vectors = try GrowingFile(folder.appending(path: Self.vectorsName))
            lengths = isRagged ? try RowLengths(in: folder) : nil
        } catch {
            throw purpose.cannotOpen(error)
        }
        do {
            try keys.lock()
        } catch {
            throw purpose.inUse(folder)
        }
        if keepsRows, let stored = try storedSettings() {
            try checkSettings(stored)
            try recover()
        } else {
            // What describes rows must not exist without them, nor new settings with old rows.
            try wrapping {
                for name in companions { try FileSystem.remove(folder.appending(path: name)) }
            }
            try cutFiles(to: 0)
            try wrapping { try AtomicFile.write(settings, to: settingsFile) }
        }
    }

    /// Appends rows: `values` has the components of one row per key.
    ///
    /// - Parameters:
    ///   - vectorCounts: the number of vectors of each row; nil for one each.
    ///   - synchronizes: whether the rows are on disk when the function returns, so that not even a
    ///     power failure loses them.
    /// - Throws: `VectorError`.
    package func append(
        keys added: [ContentID], values: [Float], vectorCounts: [Int]? = nil,
        synchronizes: Bool = false
    ) throws {
        let counts = vectorCounts ?? Array(repeating: 1, count: added.count)
        precondition(counts.count == added.count, "there must be one row per key")
        precondition(lengths != nil || counts.allSatisfy { $0 == 1 }, "a row is one vector")
        precondition(values.count == counts.reduce(0, +) * width, "there must be all components")
        var first = 0
        let entries = zip(added, counts).flatMap { key, count in
            let row = values[first..<first + count * width]
            first += count * width
            return [key.value.littleEndian, row.withUnsafeBytes(Self.digest).littleEndian]
        }
        try wrapping {
            // Vectors are written first: a key must not exist before its vector.
            try values.withUnsafeBytes { try vectors.append($0) }
            if synchronizes { try vectors.synchronize() }
            try lengths?.write(counts, synchronizes: synchronizes)
            try entries.withUnsafeBytes { try keys.append($0) }
            if synchronizes { try keys.synchronize() }
        }
        // A failed write leaves rows without keys, which must not be counted.
        lengths?.add(counts)
        for (offset, key) in added.enumerated() { index?[key] = count + offset }
        count += added.count
    }

    /// The rows of keys; nil for keys that are not in the store.
    ///
    /// The first call reads all keys, which stay in memory.
    ///
    /// - Throws: `VectorError`.
    package func rows(of keys: [ContentID]) throws -> [Int?] {
        let index = try index ?? readIndex()
        self.index = index
        return keys.map { index[$0] }
    }

    /// The components of a row, which must be finite and match the digest.
    ///
    /// - Throws: `VectorError`.
    package func values(ofRow row: Int) throws -> [Float] {
        precondition(row < count, "the store has no such row")
        let place = place(of: row)
        var values = [Float](repeating: 0, count: place.count / MemoryLayout<Float>.size)
        try values.withUnsafeMutableBytes { try fill($0, from: vectors, at: place.lowerBound) }
        var entry: [UInt128] = [0, 0]
        try entry.withUnsafeMutableBytes {
            try fill($0, from: keys, at: row * Self.entryByteCount)
        }
        guard values.allSatisfy(\.isFinite) else {
            throw damage(vectors, "row \(row) is not finite")
        }
        guard values.withUnsafeBytes(Self.digest) == UInt128(littleEndian: entry[1]) else {
            throw damage(vectors, "row \(row) is not what was kept")
        }
        return values
    }

    /// All rows, memory-mapped.
    ///
    /// - Throws: `VectorError`.
    package func matrix() throws -> VectorMatrix {
        do {
            return VectorMatrix(
                bytes: try Data(contentsOf: vectors.url, options: .alwaysMapped), width: width,
                starts: lengths?.starts)
        } catch {
            throw purpose.cannotRead(vectors.url, error)
        }
    }

    /// Removes all rows but the first `count`.
    ///
    /// - Throws: `VectorError`.
    func truncate(to count: Int) throws {
        precondition(count <= self.count, "the store has fewer rows")
        try cutFiles(to: count)
        self.count = count
        index = nil
    }

    // MARK: Files

    static let entryByteCount = 2 * ContentID.byteCount

    private var vectorByteCount: Int { width * MemoryLayout<Float>.size }

    /// The bytes of a row in the file of vectors.
    private func place(of row: Int) -> Range<Int> {
        let starts = lengths?.starts
        let (first, end) = starts.map { ($0[row], $0[row + 1]) } ?? (row, row + 1)
        return first * vectorByteCount..<end * vectorByteCount
    }

    private var settingsFile: URL { folder.appending(path: Self.settingsName) }

    private static func digest(_ bytes: UnsafeRawBufferPointer) -> UInt128 {
        ContentID(of: bytes).value
    }

    /// The contents of `settings.json`; nil if it does not exist.
    private func storedSettings() throws -> Data? {
        guard FileManager.default.fileExists(atPath: settingsFile.path) else { return nil }
        do {
            return try Data(contentsOf: settingsFile)
        } catch {
            throw purpose.cannotRead(settingsFile, error)
        }
    }

    /// Truncates the files after the last row that has a key.
    private func recover() throws {
        try wrapping {
            let keyCount = try keys.byteCount() / Self.entryByteCount
            let vectorCount = try vectors.byteCount() / vectorByteCount
            try lengths?.read(rowCount: keyCount, vectorCount: vectorCount)
            count = min(keyCount, lengths?.count ?? vectorCount)
        }
        try cutFiles(to: count)
    }

    private func cutFiles(to count: Int) throws {
        try wrapping {
            try keys.cut(to: count * Self.entryByteCount)
            try lengths?.cut(to: count)
            let vectorCount = lengths?.starts.last ?? count
            try vectors.cut(to: vectorCount * vectorByteCount)
        }
    }

    private func readIndex() throws -> [ContentID: Int] {
        var index: [ContentID: Int] = [:]
        index.reserveCapacity(count)
        for (row, key) in try storedKeys(ofRows: 0..<count).enumerated() { index[key] = row }
        return index
    }

    /// Fills a buffer from a file, which must have that many bytes.
    func fill(
        _ buffer: UnsafeMutableRawBufferPointer, from file: GrowingFile, at offset: Int
    ) throws {
        var count = 0
        try wrapping { count = try file.read(into: buffer, at: offset) }
        guard count == buffer.count else {
            throw damage(file, "\(file.url.lastPathComponent) is too short")
        }
    }

    private func wrapping(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as SystemFileError {
            throw purpose.cannotWrite(error, in: folder)
        }
    }

    private func damage(_ file: GrowingFile, _ reason: String) -> VectorError {
        purpose.damage(file.url, reason)
    }
}
