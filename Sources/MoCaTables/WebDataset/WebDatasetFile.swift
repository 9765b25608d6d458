// A shard of a WebDataset: a tar in which adjacent members of one base name form a sample.

package import Foundation
import MoCaCore
import MoCaSystem

/// A shard with random access by row.
///
///     000001.jpg  000001.json  000002.1.jpg  000002.2.jpg  000002.txt
///
/// One pass indexes the start of every 256th sample; reading a block scans its headers, and reading
/// a row reads only its bytes, so neither an archive nor its whole index is ever in memory. A
/// compressed shard is decompressed once; see `RandomAccessFile.decompressed` for the location.
package struct WebDatasetFile: RecordFile {
    /// The number of samples in a block: small enough that scanning their headers is cheap.
    private static let rowsPerBlock = 256

    package let path: String
    package var columnNames: [String]? { nil }
    package let blockRows: [Int]
    package var isCostlyToOpen: Bool { true }
    /// Whether the tar lacks its end mark: it may be cut off between two members.
    package let lacksEnd: Bool
    /// Irregularities in the grouping of members into samples.
    package let oddities: WebDatasetOddities
    private let blocks: [Block]
    /// The decompressed tar of a compressed shard.
    private let decompressed: RandomAccessFile?

    /// The location of one block's samples.
    private struct Block {
        /// The offset of the headers of its first member.
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
        var oddities = WebDatasetOddities()
        while let sample = try walk.next() {
            oddities.add(sample)
            if row % Self.rowsPerBlock == 0 {
                blocks.append(Block(start: sample.headerOffset, firstRow: row, rows: 0))
            }
            blocks[blocks.count - 1].rows += 1
            row += 1
        }
        self.blocks = blocks
        lacksEnd = walk.lacksEnd
        self.oddities = oddities
        blockRows = blocks.map(\.rows)
    }

    /// Only names and offsets of members are kept, which need little memory.
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
            // A shard is opened for each row: batches of many shards are cached, and a process may
            // not hold that many files open.
            let tar = try decompressed ?? RandomAccessFile(path)
            let place = RecordLocation.Place.sample(block.firstRow + row, key: found[row].key)
            let reader = TarSampleReader(
                sample: found[row], tar: tar, location: RecordLocation(file: path, place: place))
            return try reader.row(readsImages: readsImages)
        }
        return BatchIterator(batch)
    }
}

/// The members of one sample, and the location of their bytes.
struct TarSample: Sendable {
    /// One member.
    struct Member: Sendable {
        /// The path within the archive.
        var name: String
        /// The name after the base name and its dot: `txt`, `1.jpg`.
        var ending: String
        var offset: Int
        var byteCount: Int
    }

    /// The path up to the first dot of the file's name.
    var key: String
    var headerOffset: Int
    var members: [Member] = []
    /// The reason why the sample cannot be used; nil if it can.
    var flaw: String?

    /// The approximate memory of this value in bytes.
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

    /// Whether the tar lacks its end mark; known after the last sample.
    var lacksEnd: Bool { archive.lacksEnd }

    /// The next sample; nil after the last.
    mutating func next() throws -> TarSample? {
        while let entry = try archive.next() {
            guard let (key, ending) = Self.split(entry) else { continue }
            var finished: TarSample?
            if waiting.map({ ExactText($0.key) }) != ExactText(key) {
                finished = waiting
                waiting = TarSample(key: key, headerOffset: entry.headerOffset)
            }
            waiting?.add(entry, ending: ending)
            if let finished { return finished }
        }
        defer { waiting = nil }
        return waiting
    }

    /// The base name and ending of a member; nil for those that WebDataset ignores too: folders,
    /// names without an ending, hidden files and its own `__NAME__` entries.
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
        if members.contains(where: { ExactText($0.ending) == ExactText(ending) }) {
            flaw = flaw ?? "\(entry.name) stands twice"
        }
        members.append(
            Member(name: entry.name, ending: ending, offset: offset, byteCount: byteCount))
    }
}
