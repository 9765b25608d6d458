// The rows of one store copied to another, and the keys of a store that another process writes.

import Foundation
import MoCaSystem

extension VectorStore {
    /// The number of rows that are copied together.
    private static let copiedRowCount = 256

    /// The keys of consecutive rows.
    ///
    /// - Throws: `VectorError`.
    func storedKeys(ofRows rows: Range<Int>) throws -> [ContentID] {
        precondition(rows.upperBound <= count, "the store has no such row")
        var entries = [UInt128](repeating: 0, count: 2 * rows.count)
        try entries.withUnsafeMutableBytes {
            try fill($0, from: keys, at: rows.lowerBound * Self.entryByteCount)
        }
        return (0..<rows.count).map { ContentID(value: UInt128(littleEndian: entries[2 * $0])) }
    }

    /// Appends the rows of another store whose keys this one lacks.
    ///
    /// - Returns: the number of rows that were appended.
    /// - Throws: `VectorError`.
    func append(rowsOf other: VectorStore) throws -> Int {
        let before = count
        for first in stride(from: 0, to: other.count, by: Self.copiedRowCount) {
            let rows = first..<min(first + Self.copiedRowCount, other.count)
            let keys = try other.storedKeys(ofRows: rows)
            var (added, values, counts) = ([ContentID](), [Float](), [Int]())
            for ((row, key), known) in zip(zip(rows, keys), try self.rows(of: keys)) {
                guard known == nil else { continue }
                let vectors = try other.values(ofRow: row)
                added.append(key)
                values += vectors
                counts.append(vectors.count / width)
            }
            try append(keys: added, values: values, vectorCounts: counts, synchronizes: true)
        }
        return count - before
    }

    /// The keys of the vectors that are cached under `conditions`, while another process may add
    /// more.
    ///
    /// - Throws: `VectorError.cannotKeepVectors`.
    static func storedKeys(
        cachedIn root: URL, of conditions: VectorConditions
    ) throws -> Set<ContentID> {
        let folder = root.appending(path: try conditions.fingerprint())
        let file = folder.appending(path: keysName)
        guard FileManager.default.fileExists(atPath: file.path) else { return [] }
        let bytes: Data
        do {
            bytes = try Data(contentsOf: file)
        } catch {
            throw Purpose.cache(root: root).cannotRead(file, error)
        }
        return bytes.withUnsafeBytes { bytes in
            Set(
                (0..<bytes.count / entryByteCount).map { row in
                    let key = bytes.loadUnaligned(
                        fromByteOffset: row * entryByteCount, as: UInt128.self)
                    return ContentID(value: UInt128(littleEndian: key))
                })
        }
    }
}
