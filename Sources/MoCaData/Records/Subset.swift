// One folder of records.

package import Foundation
import MoCaTables
import Synchronization

/// The files of one folder as one sequence of rows.
package final class Subset: Sendable {
    /// The name of the subset in batches and logs.
    package let name: String
    /// The row counts of its blocks, over all files.
    package let shape: SubsetShape
    private let files: [FileEntry]
    private let open = Mutex(OpenFiles())

    /// A file, and the index of its first block over all files.
    private struct FileEntry: Sendable {
        var url: URL
        var firstBlock: Int
        /// The open file, if opening it again costs a pass over it.
        var kept: (any RecordFile)?
    }

    /// Opens the files of `folder` for their columns and counts.
    ///
    /// - Parameter cacheByteCount: The size limit of the blocks that are shuffled together; one
    ///   block is always allowed.
    /// - Throws: `DataError`.
    package init<R: Record>(
        name: String, folder: URL, record: R.Type, cacheByteCount: Int
    ) throws {
        var files: [FileEntry] = []
        var blockRows: [Int] = []
        var largestBlock = 1
        for url in try dataFiles(in: folder) {
            let file = try openRecordFile(url)
            try file.requireColumns(R.requiredColumns)
            files.append(
                FileEntry(
                    url: url, firstBlock: blockRows.count,
                    kept: file.isCostlyToOpen ? file : nil))
            blockRows += file.blockRows
            for block in file.blockRows.indices {
                let byteCount = try file.byteCount(ofBlock: block, columns: R.columns)
                largestBlock = max(largestBlock, byteCount)
            }
        }
        self.name = name
        self.files = files
        shape = SubsetShape(
            name: name, blockRows: blockRows, windowBlocksMax: max(1, cacheByteCount / largestBlock)
        )
    }

    /// The number of records.
    package var rowCount: Int { shape.rowCount }

    /// Reads a whole block, for random access to its rows.
    ///
    /// - Throws: `DataError`.
    func readBlock(_ block: Int, columns: [String]) throws -> [RowBatch] {
        let entry = files[fileIndex(ofBlock: block)]
        let file = try entry.kept ?? open.withLock { try $0.file(entry.url) }
        let place = block - entry.firstBlock
        let isThere = place < file.blockRows.count
        let batches = isThere ? try file.batches(ofBlock: place, columns: columns) : []
        // A file that is opened again may have been rewritten in between.
        guard batches.reduce(0, { $0 + $1.count }) == shape.blockRows[block] else {
            throw DataError.damagedBlock(
                path: entry.url.path, block: place,
                reason: "the file has changed since it was opened")
        }
        return batches
    }

    /// The index of the last file that starts at or before the block: files may be empty.
    private func fileIndex(ofBlock block: Int) -> Int {
        partitionPoint(files.count) { files[$0].firstBlock > block } - 1
    }

    /// The paths of its files, without `.` and `..`.
    var paths: [String] { files.map { $0.url.standardizedFileURL.path } }

    /// Whether its records are samples of WebDataset shards, which contain their images.
    package var hasShards: Bool {
        files.contains { RecordFormat($0.url)?.isWebDataset == true }
    }

    /// The file that contains a row.
    func file(ofRow row: Int) -> URL {
        files[fileIndex(ofBlock: shape.block(ofRow: row).block)].url
    }
}

/// The first index in `0..<count` at which a monotonic condition becomes true.
func partitionPoint(_ count: Int, _ condition: (Int) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
        let middle = low + (high - low) / 2
        if condition(middle) { high = middle } else { low = middle + 1 }
    }
    return low
}

/// The most recently used files: a data set may have more files than a process may hold open.
private struct OpenFiles {
    private static let countMax = 16
    private var files: [(url: URL, file: any RecordFile)] = []

    mutating func file(_ url: URL) throws -> any RecordFile {
        if let index = files.firstIndex(where: { $0.url == url }) {
            let found = files.remove(at: index)
            files.append(found)
            return found.file
        }
        let file = try openRecordFile(url)
        if files.count == Self.countMax { files.removeFirst() }
        files.append((url, file))
        return file
    }
}
