// The memory that encoding needs, lent to one call at a time.

import Synchronization

/// Scratch memory and word cache of one thread.
final class EncodingWorkspace {
    let cache = WordCache()
    let merger: WordMerger

    /// A workspace with an empty cache.
    init(_ merges: Merges) {
        merger = WordMerger(merges)
    }

    /// Appends the ids of normalised text that holds no added token.
    func encode(_ text: UnsafeBufferPointer<UInt8>, to out: inout [Int32]) {
        guard let base = text.baseAddress else { return }
        let end = text.count
        let rule = SplitRule(base, end: end)
        var at = 0
        while at < end {
            let wordEnd = rule.wordEnd(at)
            encodeWord(base + at, count: wordEnd &- at, available: end &- at, to: &out)
            at = wordEnd
        }
    }

    @inline(__always)
    private func encodeWord(
        _ word: UnsafePointer<UInt8>, count: Int, available: Int, to out: inout [Int32]
    ) {
        guard count <= WordCache.keyBytesMax else {
            merger.encode(word, count: count, to: &out)
            return
        }
        let key = WordCache.key(word, count: count, available: available)
        let slot = cache.slot(key)
        if WordCache.appendIDs(key, in: slot, to: &out) { return }
        let first = out.count
        merger.encode(word, count: count, to: &out)
        cache.store(key, out[first...], in: slot)
    }
}

/// Workspaces that no call uses now; as many exist as calls ran at once.
final class EncodingWorkspacePool: Sendable {
    /// A workspace that is in nobody's hands.
    private struct Idle: @unchecked Sendable {
        // Sendable: it is in one place at a time, the pool or one call.
        let workspace: EncodingWorkspace
    }

    private let idle = Mutex<[Idle]>([])
    private let merges: Merges

    /// A workspace that grew for a word of more bytes is not kept.
    private static let keptWordBytes = 1 << 20

    /// An empty pool.
    init(_ merges: Merges) {
        self.merges = merges
    }

    /// Runs `body` with a workspace that no other call has.
    func withWorkspace<Result>(_ body: (EncodingWorkspace) throws -> Result) rethrows -> Result {
        let lent =
            idle.withLock { $0.popLast() } ?? Idle(workspace: EncodingWorkspace(merges))
        defer {
            if lent.workspace.merger.capacity <= Self.keptWordBytes {
                idle.withLock { $0.append(lent) }
            }
        }
        return try body(lent.workspace)
    }
}
