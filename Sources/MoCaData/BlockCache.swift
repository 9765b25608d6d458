// Decoded row groups, the last used ones, within a number of bytes.

/// A least-recently-used cache of blocks.
struct BlockCache: Sendable {
    struct Key: Hashable, Sendable {
        var subset: Int
        var block: Int
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

    /// A cache that holds at most `byteCountMax`, but always the block used last.
    init(byteCountMax: Int) {
        self.byteCountMax = byteCountMax
    }

    /// The batches of a block, from the cache or else from `read`.
    mutating func batches(_ key: Key, read: () throws -> [RowBatch]) rethrows -> [RowBatch] {
        uses += 1
        if let found = entries[key] {
            entries[key]?.lastUse = uses
            return found.batches
        }
        let batches = try read()
        let size = batches.reduce(0) { $0 + $1.byteCount }
        while byteCount + size > byteCountMax, let oldest = entries.min(by: Self.isOlder) {
            byteCount -= oldest.value.byteCount
            entries[oldest.key] = nil
        }
        entries[key] = Entry(batches: batches, byteCount: size, lastUse: uses)
        byteCount += size
        return batches
    }

    private static func isOlder(
        _ a: Dictionary<Key, Entry>.Element, _ b: Dictionary<Key, Entry>.Element
    ) -> Bool {
        a.value.lastUse < b.value.lastUse
    }
}
