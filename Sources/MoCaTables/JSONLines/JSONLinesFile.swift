// A JSONL file with random access: one pass indexes the start of every 1024th record.

package import Foundation
import MoCaSystem

/// An indexed file of one JSON object per line; blank lines are not records. A compressed file
/// (`.jsonl.gz`, `.jsonl.zst`) is decompressed once, while it is indexed; see
/// `RandomAccessFile.decompressed` for the location and cost.
package struct JSONLinesFile: RecordFile {
    /// The number of records in a block: small enough that reading one record is cheap.
    private static let rowsPerBlock = 1024

    package let path: String
    package var columnNames: [String]? { nil }
    package let blockRows: [Int]
    package var isCostlyToOpen: Bool { true }
    let blocks: [Block]
    /// The decompressed lines of a compressed file.
    let decompressed: RandomAccessFile?

    /// The location of one block's lines.
    struct Block {
        var start: Int
        var end: Int
        var firstLine: Int
        var rows: Int
    }

    /// Indexes `url`.
    ///
    /// - Throws: `DataError.fileMissing`, `.inputOutput`, `.unreadableFile`, `.damagedStream`,
    ///   `.cannotUnpack`.
    package init(_ url: URL) throws {
        path = url.path
        var indexer = Indexer()
        if RecordFormat(url) == .jsonLines(isCompressed: true) {
            decompressed = try Self.decompress(url, &indexer)
        } else {
            decompressed = nil
            let handle = try openForReading(url)
            while let chunk = try readChunk(handle, 1 << 20, path: url.path) {
                if indexer.isAtStart { try checkJSONLines(chunk, path: url.path) }
                indexer.take(chunk)
            }
        }
        blocks = indexer.finish()
        blockRows = blocks.map(\.rows)
    }

    private static func decompress(
        _ url: URL, _ indexer: inout Indexer
    ) throws -> RandomAccessFile {
        do {
            return try .decompressed(url) { indexer.take($0) }
        } catch DataError.unreadableFile(let path, let reason) where indexer.line > 1 {
            throw DataError.damagedStream(path: path, line: indexer.line, reason: reason)
        }
    }

    /// Divides a stream of bytes into blocks of whole lines.
    private struct Indexer {
        private var blocks: [Block] = []
        private var block = Block(start: 0, end: 0, firstLine: 1, rows: 0)
        /// The number of the current incomplete line.
        private(set) var line = 1
        private var position = 0
        private var hasContent = false

        /// Whether no bytes have been read yet.
        var isAtStart: Bool { position == 0 }

        mutating func take(_ chunk: Data) {
            chunk.withUnsafeBytes { bytes in
                for byte in bytes { take(byte) }
            }
        }

        private mutating func take(_ byte: UInt8) {
            position += 1
            guard byte == UInt8(ascii: "\n") else {
                if byte != 0x20, byte != 0x09, byte != 0x0d { hasContent = true }
                return
            }
            line += 1
            endLine()
            if block.rows == rowsPerBlock {
                block.end = position
                blocks.append(block)
                block = Block(start: position, end: 0, firstLine: line, rows: 0)
            }
        }

        private mutating func endLine() {
            if hasContent { block.rows += 1 }
            hasContent = false
        }

        mutating func finish() -> [Block] {
            endLine()
            block.end = position
            if block.rows > 0 { blocks.append(block) }
            return blocks
        }
    }

    package func batchIterator(
        ofBlock index: Int, columns: [String], batchRows: Int
    ) throws -> BatchIterator {
        BatchIterator(try batch(ofBlock: index))
    }

    /// The records of a block, whose bytes stay in memory.
    func batch(ofBlock index: Int) throws -> RowBatch {
        let block = blocks[index]
        let bytes = try read(block)
        var lines: [(number: Int, bytes: Range<Int>)] = []
        var start = 0
        var number = block.firstLine
        while start < bytes.count {
            let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
            let isRecord = !isBlank(bytes[start..<end])
            if isRecord { lines.append((number, start..<end)) }
            number += 1
            start = end + 1
        }
        guard lines.count == block.rows else {
            throw DataError.damagedBlock(
                path: path, block: index, reason: "the file has changed since it was opened")
        }
        let found = lines
        let path = path
        return RowBatch(count: found.count, byteCount: bytes.count) { row in
            try Self.row(bytes[found[row].bytes], line: found[row].number, path: path)
        }
    }

    /// Parses the record of a line.
    ///
    /// - Throws: `DataError.malformedLine`.
    static func row(_ line: Data, line number: Int, path: String) throws -> Row {
        let hasMark = number == 1 && line.starts(with: [0xef, 0xbb, 0xbf])
        return try jsonRow(
            hasMark ? line.dropFirst(3) : line,
            location: RecordLocation(file: path, place: .line(number)))
    }

    private func read(_ block: Block) throws -> Data {
        let file = try decompressed ?? RandomAccessFile(path)
        return try file.read(at: block.start, count: block.end - block.start)
    }
}
