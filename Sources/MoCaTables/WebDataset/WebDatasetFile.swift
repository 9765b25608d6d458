// A shard of a WebDataset: a tar whose neighbouring members of one base name are a sample.

package import Foundation
import MoCaSystem

/// A shard with random access by row.
///
///     000001.jpg  000001.json  000002.1.jpg  000002.2.jpg  000002.txt
///
/// One pass notes where every 256th sample begins; reading a block goes over its headers, and
/// reading a row over its bytes alone, so neither an archive nor its index is ever in memory.
/// A compressed shard is decompressed once: `RandomAccessFile.decompressed` says where to.
package struct WebDatasetFile: RecordFile {
    /// Samples of a block: few enough that going over their headers is cheap.
    private static let rowsPerBlock = 256

    package let path: String
    package var columnNames: [String]? { nil }
    package let blockRows: [Int]
    package var isCostlyToOpen: Bool { true }
    /// Whether the tar lacks the mark of its end: it may be cut off between two members.
    package let lacksEnd: Bool
    private let blocks: [Block]
    /// The tar of a compressed shard.
    private let decompressed: RandomAccessFile?

    /// The samples of one block.
    private struct Block {
        /// Where the headers of its first member begin.
        var start: Int
        var firstRow: Int
        var rows: Int
    }

    /// Indexes `url`.
    ///
    /// - Throws: `DataError.fileMissing`, `.unreadableArchive`, `.unreadableFile`,
    ///   `.inputOutput`, `.cannotUnpack`.
    package init(_ url: URL) throws {
        path = url.path
        let isCompressed = RecordFormat(url) == .webDataset(isCompressed: true)
        decompressed = isCompressed ? try .decompressed(url) : nil
        let tar = try decompressed ?? RandomAccessFile(path)
        var walk = try SampleWalk(tar, from: 0)
        var blocks: [Block] = []
        var row = 0
        while let sample = try walk.next() {
            if row % Self.rowsPerBlock == 0 {
                blocks.append(Block(start: sample.headerOffset, firstRow: row, rows: 0))
            }
            blocks[blocks.count - 1].rows += 1
            row += 1
        }
        self.blocks = blocks
        lacksEnd = walk.lacksEnd
        blockRows = blocks.map(\.rows)
    }

    /// Names and places of members alone: next to nothing.
    package func byteCount(ofBlock block: Int, columns: [String]) -> Int { 1024 * blockRows[block] }

    package func batchIterator(
        ofBlock index: Int, columns: [String], batchRows: Int
    ) throws -> BatchIterator {
        let block = blocks[index]
        let tar = try decompressed ?? RandomAccessFile(path)
        var walk = try SampleWalk(tar, from: block.start)
        var samples: [TarSample] = []
        while samples.count < block.rows, let sample = try walk.next() { samples.append(sample) }
        guard samples.count == block.rows else {
            throw DataError.damagedBlock(
                path: path, block: index, reason: "the file has changed since it was opened")
        }
        let (found, path, decompressed) = (samples, path, decompressed)
        let readsImages = columns.contains { $0.contains("image") || $0.contains("img") }
        let byteCount = found.reduce(0) { $0 + $1.indexByteCount }
        let batch = RowBatch(count: found.count, byteCount: byteCount) { row in
            // A shard is opened for each row: batches of many shards are cached, and a process
            // may not hold as many files open.
            let tar = try decompressed ?? RandomAccessFile(path)
            let place = RecordLocation.Place.sample(block.firstRow + row, key: found[row].key)
            let reader = TarSampleReader(
                sample: found[row], tar: tar, location: RecordLocation(file: path, place: place))
            return try reader.row(readsImages: readsImages)
        }
        return BatchIterator(batch)
    }
}

/// The members of one sample, and where their bytes are.
struct TarSample: Sendable {
    /// One member.
    struct Member: Sendable {
        /// The path within the archive.
        var name: String
        /// What follows the base name and its dot: `txt`, `1.jpg`.
        var ending: String
        var offset: Int
        var byteCount: Int
    }

    /// The path up to the first dot of the file's name.
    var key: String
    var headerOffset: Int
    var members: [Member] = []
    /// Why the sample cannot be used.
    var flaw: String?

    /// About the bytes of memory that this takes.
    var indexByteCount: Int {
        members.reduce(128 + key.utf8.count) { $0 + 96 + $1.name.utf8.count }
    }
}

/// Groups the entries of a tar into samples.
private struct SampleWalk {
    private let archive: ArchiveReader
    private var waiting: TarSample?

    init(_ tar: RandomAccessFile, from offset: Int) throws {
        archive = try ArchiveReader(tar: tar, from: offset)
    }

    /// Whether the tar lacks the mark of its end; known after the last sample.
    var lacksEnd: Bool { archive.lacksEnd }

    /// The next sample; nil after the last.
    mutating func next() throws -> TarSample? {
        while let entry = try archive.next() {
            guard let (key, ending) = Self.split(entry) else { continue }
            var finished: TarSample?
            if waiting?.key != key {
                finished = waiting
                waiting = TarSample(key: key, headerOffset: entry.headerOffset)
            }
            waiting?.add(entry, ending: ending)
            if let finished { return finished }
        }
        defer { waiting = nil }
        return waiting
    }

    /// Base name and ending of a member; nil for what WebDataset passes over too: folders, names
    /// without an ending, hidden files and its own `__NAME__` entries.
    private static func split(_ entry: ArchiveReader.Entry) -> (key: String, ending: String)? {
        guard entry.kind != .folder else { return nil }
        let name = entry.name.hasPrefix("./") ? String(entry.name.dropFirst(2)) : entry.name
        let start = name.lastIndex(of: "/").map { name.index(after: $0) } ?? name.startIndex
        guard let dot = name[start...].firstIndex(of: "."), dot > start,
            !name[start...].hasPrefix("__")
        else { return nil }
        return (String(name[..<dot]), String(name[name.index(after: dot)...]))
    }
}

extension TarSample {
    fileprivate mutating func add(_ entry: ArchiveReader.Entry, ending: String) {
        guard entry.kind == .file, let offset = entry.offset, let byteCount = entry.byteCount
        else {
            flaw = flaw ?? "\(entry.name) is a link or is stored in pieces"
            return
        }
        if members.contains(where: { $0.ending == ending }) {
            flaw = flaw ?? "\(entry.name) stands twice"
        }
        members.append(
            Member(name: entry.name, ending: ending, offset: offset, byteCount: byteCount))
    }
}
