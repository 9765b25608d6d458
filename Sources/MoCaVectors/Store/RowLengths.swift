// The lengths of the rows of a ragged store.

import Foundation
import MoCaSystem

/// The number of vectors of each row, in the file `lengths.bin` (int64 each, little-endian) beside
/// the vectors.
struct RowLengths {
    private let file: GrowingFile
    /// The index of the first vector of each row, and the number of all vectors.
    private(set) var starts = [0]

    static let fileName = "lengths.bin"
    private static let entryByteCount = MemoryLayout<Int64>.size

    /// Opens or creates the file in the folder of a store.
    ///
    /// - Throws: `SystemFileError`.
    init(in folder: URL) throws(SystemFileError) {
        file = try GrowingFile(folder.appending(path: Self.fileName))
    }

    /// The number of rows.
    var count: Int { starts.count - 1 }

    /// Writes lengths of rows, which count once `add` is called.
    ///
    /// - Throws: `SystemFileError`.
    func write(_ lengths: [Int], synchronizes: Bool) throws(SystemFileError) {
        let bytes = lengths.map { Int64($0).littleEndian }.withUnsafeBytes { Data($0) }
        try file.append(bytes)
        if synchronizes { try file.synchronize() }
    }

    /// Takes the lengths of rows that are committed.
    mutating func add(_ lengths: [Int]) {
        for length in lengths { starts.append(starts[count] + length) }
    }

    /// Reads the lengths of the first rows, up to the first one whose vectors are not all there.
    ///
    /// - Parameters:
    ///   - rowCount: the maximum number of rows.
    ///   - vectorCount: the number of vectors that are there.
    /// - Throws: `SystemFileError`.
    mutating func read(rowCount: Int, vectorCount: Int) throws {
        let rows = min(rowCount, try file.byteCount() / Self.entryByteCount)
        var lengths = [Int64](repeating: 0, count: rows)
        _ = try lengths.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        starts = [0]
        for length in lengths {
            let length = Int(Int64(littleEndian: length))
            guard length > 0, length <= vectorCount - starts[count] else { break }
            starts.append(starts[count] + length)
        }
    }

    /// Removes all rows but the first `count`.
    ///
    /// - Throws: `SystemFileError`.
    mutating func cut(to count: Int) throws(SystemFileError) {
        try file.cut(to: count * Self.entryByteCount)
        starts = Array(starts.prefix(count + 1))
    }
}
