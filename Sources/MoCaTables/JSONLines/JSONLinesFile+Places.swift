// Blocks of long lines: kept as the byte ranges of their lines, not as bytes.

import Foundation
import MoCaSystem

extension JSONLinesFile {
    /// Larger blocks are kept as byte ranges: records with embedded images are so long that opening
    /// the file for each costs little compared with reading it.
    static let keptByteCountMax = 4 << 20

    package func byteCount(ofBlock index: Int, columns: [String]) -> Int {
        let byteCount = blocks[index].end - blocks[index].start
        return byteCount > Self.keptByteCountMax
            ? blocks[index].rows * MemoryLayout<LinePlace>.stride : byteCount
    }

    package func batches(ofBlock index: Int, columns: [String]) throws -> [RowBatch] {
        let block = blocks[index]
        guard block.end - block.start > Self.keptByteCountMax else {
            return [try batch(ofBlock: index)]
        }
        let places = try linePlaces(of: block)
        let changed = DataError.damagedBlock(
            path: path, block: index, reason: "the file has changed since it was opened")
        guard places.count == block.rows else { throw changed }
        let (path, decompressed) = (path, decompressed)
        return [
            RowBatch(
                count: places.count, byteCount: byteCount(ofBlock: index, columns: columns)
            ) { row in
                let place = places[row]
                // Opened for each row, because blocks of many files are kept.
                let file = try decompressed ?? RandomAccessFile(path)
                let line = try file.read(at: place.start, count: place.end - place.start)
                guard line.count == place.end - place.start else { throw changed }
                return try Self.row(line, line: place.number, path: path)
            }
        ]
    }

    /// The byte range of a line that contains a record.
    private struct LinePlace: Sendable {
        var start: Int
        var end: Int
        var number: Int
    }

    private func linePlaces(of block: Block) throws -> [LinePlace] {
        let file = try decompressed ?? RandomAccessFile(path)
        var places: [LinePlace] = []
        var line = LinePlace(start: block.start, end: block.start, number: block.firstLine)
        var hasContent = false
        func endLine(at end: Int) {
            line.end = end
            if hasContent { places.append(line) }
            line = LinePlace(start: end + 1, end: end + 1, number: line.number + 1)
            hasContent = false
        }
        var position = block.start
        while position < block.end {
            let chunk = try file.read(at: position, count: min(1 << 20, block.end - position))
            guard !chunk.isEmpty else { break }
            var rest = chunk[...]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                hasContent = hasContent || !isBlank(rest[..<end])
                endLine(at: position + end - chunk.startIndex)
                rest = rest[(end + 1)...]
            }
            hasContent = hasContent || !isBlank(rest)
            position += chunk.count
        }
        if line.start < position { endLine(at: position) }
        return places
    }
}
