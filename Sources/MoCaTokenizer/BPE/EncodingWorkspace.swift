// Scratch memory for encoding, used by one call at a time.

import Synchronization

/// The scratch memory and word cache of one call.
final class EncodingWorkspace {
    let cache = WordCache()
    let merger: WordMerger
    private let splitter: Splitter
    /// The mark before which a text may be cut, if the model allows it.
    private let cut: WordMark?

    /// Creates a workspace with an empty cache.
    init(_ definition: TokenizerDefinition) {
        merger = WordMerger(definition.model)
        splitter = definition.splitter
        cut =
            definition.model.isCutAtSpaces
            ? WordMark(bytes: WordMark.space, isolatesMarks: false) : nil
    }

    /// Appends the ids of normalised text without added tokens.
    ///
    /// - Parameter isFirst: whether the text is at the start of the input.
    func encode(_ text: UnsafeBufferPointer<UInt8>, isFirst: Bool, to out: inout [Int32]) {
        switch splitter {
        case .pattern(let numbers):
            encodeByPattern(text, numbers, to: &out)
        case .metaspace(let metaspace):
            let mark = metaspace.splits ? WordMark(bytes: metaspace.mark, isolatesMarks: true) : cut
            metaspace.marked(text, isFirst: isFirst).withUnsafeBufferPointer {
                encodeByMark($0, mark, to: &out)
            }
        case .whole:
            encodeByMark(text, cut, to: &out)
        }
    }

    private func encodeByPattern(
        _ text: UnsafeBufferPointer<UInt8>, _ numbers: SplitRule.Numbers, to out: inout [Int32]
    ) {
        guard let base = text.baseAddress else { return }
        let end = text.count
        let rule = SplitRule(base, end: end, numbers: numbers)
        var at = 0
        while at < end {
            let wordEnd = rule.wordEnd(at)
            encodeWord(base + at, count: wordEnd &- at, available: end &- at, to: &out)
            at = wordEnd
        }
    }

    private func encodeByMark(
        _ text: UnsafeBufferPointer<UInt8>, _ mark: WordMark?, to out: inout [Int32]
    ) {
        guard let base = text.baseAddress else { return }
        let end = text.count
        var at = 0
        while at < end {
            let wordEnd = mark?.wordEnd(text, from: at) ?? end
            encodeWord(base + at, count: wordEnd - at, available: end - at, to: &out)
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

/// A pool of idle workspaces; it grows to the maximum number of concurrent calls.
final class EncodingWorkspacePool: Sendable {
    /// A workspace that no call is using.
    private struct Idle: @unchecked Sendable {
        // Sendable: owned either by the pool or by one call.
        let workspace: EncodingWorkspace
    }

    private let idle = Mutex<[Idle]>([])
    private let definition: TokenizerDefinition

    /// A workspace that has grown beyond this word length in bytes is discarded after use.
    private static let keptWordBytes = 1 << 20

    /// Creates an empty pool.
    init(_ definition: TokenizerDefinition) {
        self.definition = definition
    }

    /// Calls `body` with a workspace that no other call is using.
    func withWorkspace<Result>(_ body: (EncodingWorkspace) throws -> Result) rethrows -> Result {
        let lent =
            idle.withLock { $0.popLast() } ?? Idle(workspace: EncodingWorkspace(definition))
        defer {
            if lent.workspace.merger.capacity <= Self.keptWordBytes {
                idle.withLock { $0.append(lent) }
            }
        }
        return try body(lent.workspace)
    }
}
