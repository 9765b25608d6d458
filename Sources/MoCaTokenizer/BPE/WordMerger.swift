// Byte-pair encoding of one word: the pair with the lowest rank is merged first, the leftmost of
// equal ones (Sennrich et al. 2016). A word of n bytes takes O(n log n).

/// The scratch memory for merging. Not safe to share between threads.
final class WordMerger {
    /// The length in bytes above which a heap is used; for shorter words, scanning all pairs is
    /// faster.
    private static let scanMax = 64

    private let model: BytePairModel
    private let scan: UnsafeMutablePointer<UInt32>
    private let scanPairs: UnsafeMutablePointer<UInt64>

    // For long words: ids, the lookup of the pair starting at each id, and a linked list.
    private var ids: [UInt32] = []
    private var pairs: [UInt64] = []
    private var previous: [Int32] = []
    private var next: [Int32] = []
    private var heap: [UInt64] = []
    /// The word in the byte alphabet.
    private var spelling: [UInt8] = []

    /// Creates the memory for encoding by `model`.
    init(_ model: BytePairModel) {
        self.model = model
        scan = .allocate(capacity: Self.scanMax)
        scanPairs = .allocate(capacity: Self.scanMax)
    }

    deinit {
        scan.deallocate()
        scanPairs.deallocate()
    }

    /// The capacity in bytes, determined by the longest word so far.
    var capacity: Int { ids.capacity }

    /// Appends the ids of the word of `count` bytes; `count` is at least one.
    func encode(_ word: UnsafePointer<UInt8>, count: Int, to out: inout [Int32]) {
        if model.ignoresMerges {
            let whole = wholeID(word, count: count)
            if whole != Vocabulary.noID {
                out.append(Int32(truncatingIfNeeded: whole))
                return
            }
        }
        if count <= Self.scanMax {
            encodeShort(word, count: count, to: &out)
        } else {
            encodeLong(word, count: count, to: &out)
        }
    }

    /// The id of the token that the word is, or `Vocabulary.noID`.
    private func wholeID(_ word: UnsafePointer<UInt8>, count: Int) -> UInt32 {
        let bytes = UnsafeBufferPointer(start: word, count: count)
        guard case .bytes = model.symbols else { return model.vocabulary.id(of: bytes) }
        guard count <= model.vocabulary.longestCount else { return Vocabulary.noID }
        spelling.removeAll(keepingCapacity: true)
        ByteAlphabet.appendSpelling(of: bytes, to: &spelling)
        return spelling.withUnsafeBufferPointer { model.vocabulary.id(of: $0) }
    }

    private func encodeShort(_ word: UnsafePointer<UInt8>, count: Int, to out: inout [Int32]) {
        let table = model.merges
        let symbolCount = model.symbols.fill(scan, word, count: count)
        var pairCount = max(0, symbolCount - 1)
        for i in 0..<pairCount { scanPairs[i] = table.find(scan[i], scan[i + 1]) }
        while pairCount > 0 {
            var best = UInt32PairMap.none
            var at = 0
            for i in 0..<pairCount where scanPairs[i] < best {
                best = scanPairs[i]
                at = i
            }
            if best == UInt32PairMap.none { break }
            scan[at] = UInt32(truncatingIfNeeded: best)
            // Closes the gap in both arrays: id at + 1 and its pair are gone.
            pairCount &-= 1
            var i = at &+ 1
            while i <= pairCount {
                scan[i] = scan[i &+ 1]
                scanPairs[i &- 1] = scanPairs[i]
                i &+= 1
            }
            if at > 0 { scanPairs[at - 1] = table.find(scan[at - 1], scan[at]) }
            if at < pairCount { scanPairs[at] = table.find(scan[at], scan[at + 1]) }
        }
        guard symbolCount > 0 else { return }
        for i in 0...pairCount { out.append(Int32(truncatingIfNeeded: scan[i])) }
    }

    private func encodeLong(_ word: UnsafePointer<UInt8>, count: Int, to out: inout [Int32]) {
        precondition(count < Int(Int32.max), "a word of \(count) bytes")
        fillLists(word, count: count)
        while let top = pop() {
            let at = Int(top & 0xFFFF_FFFF)
            // An entry is stale if its pair has changed since; no two pairs share a rank.
            guard pairs[at] != UInt32PairMap.none, pairs[at] >> 32 == top >> 32 else { continue }
            let gone = Int(next[at])
            ids[at] = UInt32(truncatingIfNeeded: pairs[at])
            pairs[gone] = UInt32PairMap.none
            next[at] = next[gone]
            if next[gone] >= 0 { previous[Int(next[gone])] = Int32(at) }
            renewPair(at)
            if previous[at] >= 0 { renewPair(Int(previous[at])) }
        }
        var at = ids.isEmpty ? -1 : 0
        while at >= 0 {
            out.append(Int32(truncatingIfNeeded: ids[at]))
            at = Int(next[at])
        }
    }

    /// Fills the linked list and the heap with the symbols of a word.
    private func fillLists(_ word: UnsafePointer<UInt8>, count: Int) {
        ids.removeAll(keepingCapacity: true)
        pairs.removeAll(keepingCapacity: true)
        previous.removeAll(keepingCapacity: true)
        next.removeAll(keepingCapacity: true)
        ids.append(contentsOf: repeatElement(0, count: count))
        let symbolCount = ids.withUnsafeMutableBufferPointer { ids in
            ids.baseAddress.map { model.symbols.fill($0, word, count: count) } ?? 0
        }
        ids.removeLast(count - symbolCount)
        for i in 0..<symbolCount {
            previous.append(Int32(i - 1))
            next.append(i + 1 < symbolCount ? Int32(i + 1) : -1)
            pairs.append(
                i + 1 < symbolCount ? model.merges.find(ids[i], ids[i + 1]) : UInt32PairMap.none)
            if pairs[i] != UInt32PairMap.none { push(Self.heapEntry(pairs[i], at: i)) }
        }
    }

    /// Repeats the lookup of the pair that starts at `at`.
    private func renewPair(_ at: Int) {
        let after = Int(next[at])
        pairs[at] = after >= 0 ? model.merges.find(ids[at], ids[after]) : UInt32PairMap.none
        if pairs[at] != UInt32PairMap.none { push(Self.heapEntry(pairs[at], at: at)) }
    }

    /// The rank of a pair's lookup above its position, so that entries sort in merge order.
    private static func heapEntry(_ pair: UInt64, at position: Int) -> UInt64 {
        pair & ~0xFFFF_FFFF | UInt64(position)
    }

    private func push(_ entry: UInt64) {
        heap.append(entry)
        var child = heap.count - 1
        while child > 0, heap[(child - 1) / 2] > entry {
            heap[child] = heap[(child - 1) / 2]
            child = (child - 1) / 2
        }
        heap[child] = entry
    }

    private func pop() -> UInt64? {
        guard let top = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return top }
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
            guard heap[child] < last else { break }
            heap[parent] = heap[child]
            parent = child
        }
        heap[parent] = last
        return top
    }
}
