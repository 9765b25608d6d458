// A cache of encoded words: words repeat in text, so most need only one lookup.

/// A direct-mapped cache from the bytes of a word to its ids. A slot is one cache line; a new word
/// replaces the old one of its slot, so the size is fixed. Not safe to share between threads.
final class WordCache {
    /// The zero-padded bytes of a word, and its length.
    struct Key {
        /// Bytes 0 to 31 of the word in memory order, zero after its end.
        var words: (UInt64, UInt64, UInt64, UInt64)
        /// The number of bytes in the word.
        var count: Int
    }

    /// The maximum length of a cached word in bytes.
    static let keyBytesMax = 32
    /// The maximum number of ids of a cached word.
    static let idCountMax = 7

    // Layout of a slot: 32 bytes of key, its length, the number of ids, two unused bytes, 7 ids.
    private static let slotBytes = 64
    private static let slotBits = 15
    private let memory: UnsafeMutableRawPointer

    /// Creates an empty cache of 2 MiB.
    init() {
        let size = Self.slotBytes << Self.slotBits
        memory = .allocate(byteCount: size, alignment: Self.slotBytes)
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    }

    deinit { memory.deallocate() }

    /// The key of the `count` bytes at `word`, where `available` bytes are readable.
    @inline(__always)
    static func key(_ word: UnsafePointer<UInt8>, count: Int, available: Int) -> Key {
        let raw = UnsafeRawPointer(word)
        guard available >= keyBytesMax else { return paddedKey(word, count: count) }
        func load(_ offset: Int) -> UInt64 {
            let left = count &- offset
            if left <= 0 { return 0 }
            let bits = raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            return left >= 8 ? bits : bits & ((1 << UInt64(truncatingIfNeeded: left &* 8)) &- 1)
        }
        if count <= 8 { return Key(words: (load(0), 0, 0, 0), count: count) }
        return Key(words: (load(0), load(8), load(16), load(24)), count: count)
    }

    private static func paddedKey(_ word: UnsafePointer<UInt8>, count: Int) -> Key {
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        withUnsafeMutableBytes(of: &words) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: word, count: count))
        }
        return Key(words: words, count: count)
    }

    /// The slot for the key.
    @inline(__always)
    func slot(_ key: Key) -> UnsafeMutableRawPointer {
        let (a, b, c, d) = key.words
        var hash = (a ^ UInt64(truncatingIfNeeded: key.count)) &* 0x9e37_79b9_7f4a_7c15
        hash ^= hash >> 32
        if key.count > 8 {
            hash = (hash ^ b) &* 0xbf58_476d_1ce4_e5b9
            hash ^= hash >> 29
            hash = (hash ^ c) &* 0x94d0_49bb_1331_11eb
            hash ^= hash >> 31
            hash = (hash ^ d) &* 0x9e37_79b9_7f4a_7c15
        } else {
            hash = hash &* 0xbf58_476d_1ce4_e5b9
        }
        let index = Int(truncatingIfNeeded: hash >> UInt64(64 &- Self.slotBits))
        return memory + index &* Self.slotBytes
    }

    /// Appends the ids of the key to `out`. Returns false if `slot` contains another key.
    @inline(__always)
    static func appendIDs(_ key: Key, in slot: UnsafeMutableRawPointer, to out: inout [Int32])
        -> Bool
    {
        let words = slot.assumingMemoryBound(to: UInt64.self)
        guard slot.load(fromByteOffset: 32, as: UInt8.self) == UInt8(truncatingIfNeeded: key.count),
            words[0] == key.words.0,
            key.count <= 8
                || words[1] == key.words.1 && words[2] == key.words.2 && words[3] == key.words.3
        else { return false }
        let ids = (slot + 36).assumingMemoryBound(to: Int32.self)
        let count = Int(slot.load(fromByteOffset: 33, as: UInt8.self))
        out.append(ids[0])
        var i = 1
        while i < count {
            out.append(ids[i])
            i &+= 1
        }
        return true
    }

    /// Stores the ids of the key, unless there are none or more than `idCountMax`.
    func store(_ key: Key, _ ids: ArraySlice<Int32>, in slot: UnsafeMutableRawPointer) {
        guard !ids.isEmpty, ids.count <= Self.idCountMax else { return }
        let words = slot.assumingMemoryBound(to: UInt64.self)
        words[0] = key.words.0
        words[1] = key.words.1
        words[2] = key.words.2
        words[3] = key.words.3
        slot.storeBytes(of: UInt8(key.count), toByteOffset: 32, as: UInt8.self)
        slot.storeBytes(of: UInt8(ids.count), toByteOffset: 33, as: UInt8.self)
        for (i, id) in ids.enumerated() {
            slot.storeBytes(of: id, toByteOffset: 36 + 4 * i, as: Int32.self)
        }
    }
}
