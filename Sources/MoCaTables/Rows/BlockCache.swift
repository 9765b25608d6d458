// A cache of the most recently used row groups, with a limit in bytes.

/// A least-recently-used cache of blocks.
package struct BlockCache: Sendable {
    package struct Key: Hashable, Sendable {
        package var subset: Int
        package var block: Int

        package init(subset: Int, block: Int) {
            self.subset = subset
            self.block = block
        }
    }

    private struct Entry: Sendable {
        var batches: [RowBatch]
        var byteCount: Int
        var lastUse: Int
    }

    private let byteCountMax: Int
    private var entries: [Key: Entry] = [:]
    private var byteCount = 0
    private var uses = 0

    /// A cache of at most `byteCountMax` bytes, which always keeps the most recently used block.
    package init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// The batches of a block; nil if they are not in the cache.
    package mutating func batches(_ key: Key) -> [RowBatch]? {
        uses += 1
        entries[key]?.lastUse = uses
        return entries[key]?.batches
    }

    /// Adds the batches of a block that is not in the cache.
    package mutating func insert(_ batches: [RowBatch], _ key: Key) {
        uses += 1
        let size = batches.reduce(0) { $0 + $1.byteCount }
        while byteCount + size > byteCountMax, let oldest = entries.min(by: Self.isOlder) {
            byteCount -= oldest.value.byteCount
            entries[oldest.key] = nil
        }
        entries[key] = Entry(batches: batches, byteCount: size, lastUse: uses)
        byteCount += size
    }

    private static func isOlder(
        _ a: Dictionary<Key, Entry>.Element, _ b: Dictionary<Key, Entry>.Element
    ) -> Bool {
        a.value.lastUse < b.value.lastUse
    }
}
