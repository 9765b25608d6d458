// Folders of records as subsets with counts and random access, in constant memory.

package import Foundation
package import MoCaTables
import Synchronization

/// The subsets that a run reads, with access to samples by name.
///
///     let catalog = try Catalog<ContrastiveSample>(folders: folders, images: store)
///     let sample = try catalog.sample(SampleID(subset: "WordNet", row: 7))
///
/// Reading a sample decodes its row group, which then stays in a cache of `cacheByteCount`. Draw
/// samples in a `RowOrder`, which visits few row groups at a time: as many as fit in the subset's
/// fraction of the cache.
package final class Catalog<Item: Sample>: Sendable {
    package let subsets: [Subset]
    /// The store of the records' images.
    package let images: ImageStore
    private let indices: [String: Int]
    private let cache: Mutex<BlockCache>
    /// A block is read under one of these locks, so that no two threads read the same block and
    /// others rarely wait.
    private let reading = (0..<16).map { _ in ReadingLock() }

    /// Opens every file of the folders once, for its columns and counts.
    ///
    /// - Throws: `DataError`.
    package init(
        folders: [URL], images: ImageStore, cacheByteCount: Int = 512 << 20
    ) throws {
        let names = try Self.names(of: folders)
        subsets = try zip(names, folders).map { name, folder in
            try Subset(
                name: name, folder: folder, record: Item.Source.self,
                cacheByteCount: cacheByteCount / folders.count)
        }
        self.images = images
        indices = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        cache = Mutex(BlockCache(byteCountMax: cacheByteCount))
    }

    /// The names of folders: the last component of each path, without the ending of a data file; if
    /// two are equal, the last two components.
    ///
    /// - Throws: `DataError.duplicateSubset`.
    package static func names(of folders: [URL]) throws -> [String] {
        let parts = folders.map { folder in
            let parts = folder.standardizedFileURL.pathComponents
            return parts.dropLast() + parts.suffix(1).map(RecordFormat.stem)
        }
        let counts = Dictionary(parts.map { ($0.last ?? "", 1) }, uniquingKeysWith: +)
        let names = parts.map { part in
            let isUnique = counts[part.last ?? ""] == 1
            return part.suffix(isUnique ? 1 : 2).joined(separator: "/")
        }
        var seen: Set<String> = []
        for name in names where !seen.insert(name).inserted {
            throw DataError.duplicateSubset(name: name)
        }
        return names
    }

    /// The number of samples of all subsets.
    package var rowCount: Int { subsets.reduce(0) { $0 + $1.rowCount } }

    /// The shapes that `TaskBatches` and `TokenBatches` draw from.
    package var shapes: [SubsetShape] { subsets.map(\.shape) }

    /// The row of a sample.
    ///
    /// - Throws: `DataError`.
    package func row(_ id: SampleID) throws -> Row {
        guard let index = indices[id.subset], (0..<subsets[index].rowCount).contains(id.row) else {
            preconditionFailure("the catalog has no sample \(id)")
        }
        let subset = subsets[index]
        let (block, row) = subset.shape.block(ofRow: id.row)
        var rest = row
        for batch in try batches(BlockCache.Key(subset: index, block: block)) {
            if rest < batch.count { return try batch.row(rest) }
            rest -= batch.count
        }
        preconditionFailure("block \(block) of \(subset.name) has fewer rows than counted")
    }

    private func batches(_ key: BlockCache.Key) throws -> [RowBatch] {
        if let found = cache.withLock({ $0.batches(key) }) { return found }
        let place = reading[(key.subset * 31 + key.block) % reading.count]
        return try place.lock.withLock { _ in
            // Another thread may have read it in the meantime.
            if let found = cache.withLock({ $0.batches(key) }) { return found }
            let found = try subsets[key.subset].readBlock(
                key.block, columns: Item.Source.columns)
            cache.withLock { $0.insert(found, key) }
            return found
        }
    }

    /// The record of a sample.
    ///
    /// - Throws: `DataError`.
    package func record(_ id: SampleID) throws -> Item.Source { try Item.Source(row(id)) }

    /// Reads a sample.
    ///
    /// - Throws: `DataError`.
    package func sample(_ id: SampleID) throws -> Item {
        try Item(record(id), id: id, images: images)
    }

    /// The file that contains a sample; its row is not read.
    package func file(of id: SampleID) -> URL? {
        guard let index = indices[id.subset], (0..<subsets[index].rowCount).contains(id.row) else {
            return nil
        }
        return subsets[index].file(ofRow: id.row)
    }

    /// The file and row of a sample, for reports.
    ///
    /// - Throws: `DataError`.
    package func location(_ id: SampleID) throws -> RecordLocation { try row(id).location }
}

/// A lock that can be stored in an array.
private final class ReadingLock: Sendable {
    let lock = Mutex(())
}
