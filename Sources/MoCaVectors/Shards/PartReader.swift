// Reads the windows of a part one after the other.

import Foundation
import MoCaSystem

/// Reads a part window by window. Between two windows no file is open, so that thousands of parts can
/// be read in turn.
struct PartReader {
    /// The bytes of vectors that are read together.
    private static let blockByteCount = 1 << 20
    private static let chunkByteCount = 1 << 18

    private let part: VectorPart
    /// The position of the next window in `records.jsonl`.
    private var offset = 0
    /// The first vector of the next window.
    private var row = 0
    /// The hash of the records so far.
    private var hash = SHA256()

    init(_ part: VectorPart) {
        self.part = part
    }

    /// Reads the records of the next window.
    ///
    /// - Returns: its records, and the commit that ends it.
    /// - Throws: `VectorError.damagedPart`.
    mutating func nextWindow() throws -> (
        entries: [VectorJournal.Entry], commit: VectorJournal.Commit
    ) {
        let file = try part.open(VectorJournal.recordsName)
        var (entries, buffer) = ([VectorJournal.Entry](), Data())
        var end = offset
        while true {
            let chunk = try file.read(at: end, count: Self.chunkByteCount)
            guard !chunk.isEmpty else {
                throw part.damage("\(VectorJournal.recordsName) has fewer windows than the input")
            }
            end += chunk.count
            buffer.append(chunk)
            while let lineEnd = buffer.firstIndex(of: UInt8(ascii: "\n")) {
                let line = buffer[..<lineEnd]
                let found = try decode(Data(line))
                hash.add(buffer[...lineEnd])
                offset += line.count + 1
                buffer = buffer[(lineEnd + 1)...]
                if let entry = found.entry { entries.append(entry) }
                if let commit = found.commit { return (entries, commit) }
            }
        }
    }

    /// Reads the vectors of the window whose records `nextWindow` returned.
    ///
    /// - Parameter body: called with each entry that has vectors, and its vectors one after the
    ///   other.
    /// - Throws: `VectorError.damagedPart`, errors of `body`.
    mutating func readVectors(
        of entries: [VectorJournal.Entry], _ body: (VectorJournal.Entry, [Float]) throws -> Void
    ) throws {
        let vectors = try part.open(VectorStore.vectorsName)
        let keys = try part.open(VectorStore.keysName)
        let usable = entries.filter { $0.error == nil }
        let rowsMax = max(1, Self.blockByteCount / part.vectorByteCount)
        var first = 0
        while first < usable.count {
            var (end, count) = (first, 0)
            while end < usable.count, count == 0 || count + usable[end].rowCount <= rowsMax {
                count += usable[end].rowCount
                end += 1
            }
            let values = try values(ofRows: row..<row + count, vectors, keys)
            row += count
            var start = 0
            for entry in usable[first..<end] {
                let length = entry.rowCount * part.settings.conditions.dimensions
                try body(entry, Array(values[start..<start + length]))
                start += length
            }
            first = end
        }
    }

    /// Passes over the vectors of a window.
    mutating func skipVectors(of entries: [VectorJournal.Entry]) {
        for entry in entries where entry.error == nil { row += entry.rowCount }
    }

    /// Checks that all records were read, and are those that were written.
    ///
    /// - Throws: `VectorError.damagedPart`.
    func finish() throws {
        let size = try part.open(VectorJournal.recordsName).byteCount()
        guard offset == size else {
            throw part.damage("\(VectorJournal.recordsName) has more windows than the input")
        }
        guard hash.hexadecimal == part.completion?.recordsDigest else {
            throw part.damage("\(VectorJournal.recordsName) is not what was written")
        }
    }

    private func values(
        ofRows rows: Range<Int>, _ vectors: RandomAccessFile, _ keys: RandomAccessFile
    ) throws -> [Float] {
        let (size, entrySize) = (part.vectorByteCount, VectorStore.entryByteCount)
        let bytes = try vectors.read(at: rows.lowerBound * size, count: rows.count * size)
        let entries = try keys.read(at: rows.lowerBound * entrySize, count: rows.count * entrySize)
        guard bytes.count == rows.count * size, entries.count == rows.count * entrySize else {
            throw part.damage("it has fewer vectors than records")
        }
        return try bytes.withUnsafeBytes { bytes in
            for index in 0..<rows.count {
                let digest = entries.withUnsafeBytes {
                    $0.loadUnaligned(
                        fromByteOffset: index * entrySize + ContentID.byteCount, as: UInt128.self)
                }
                let vector = UnsafeRawBufferPointer(
                    rebasing: bytes[index * size..<(index + 1) * size])
                guard ContentID(of: vector).value == UInt128(littleEndian: digest) else {
                    throw part.damage("vector \(rows.lowerBound + index) is not what was written")
                }
            }
            return [Float](unsafeUninitializedCapacity: bytes.count / MemoryLayout<Float>.size) {
                UnsafeMutableRawBufferPointer($0).copyMemory(from: bytes)
                $1 = bytes.count / MemoryLayout<Float>.size
            }
        }
    }

    private func decode(_ line: Data) throws -> VectorJournal.Line {
        do {
            return try JSONDecoder().decode(VectorJournal.Line.self, from: line)
        } catch {
            throw part.damage("\(VectorJournal.recordsName) has a line that is not a record")
        }
    }
}

extension VectorJournal.Entry {
    /// The number of vectors of a record that has any.
    fileprivate var rowCount: Int { max(0, vectorCount ?? 1) }
}
