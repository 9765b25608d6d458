// A hash table between pairs of integers, used for merges, compositions and decompositions.

/// An immutable open-addressing table from a pair of `UInt32` to a pair of `UInt32`.
///
/// Linear probing over a power of two of slots, with a load factor of at most three fifths.
final class UInt32PairMap: @unchecked Sendable {
    // Sendable: the slots are only written in `init`.
    private struct Slot {
        var key: UInt64
        var value: UInt64
    }

    private let slots: UnsafeMutablePointer<Slot>
    private let capacity: Int
    private let shift: UInt64

    /// The result of `find` for a missing key; greater than every value.
    static let none = UInt64.max

    /// Creates a table from entries (key pair, value pair); of equal keys, the last one wins.
    ///
    /// - Precondition: no key has both components equal to `UInt32.max`.
    init(_ entries: some Collection<(UInt32, UInt32, UInt32, UInt32)>) {
        var bits: UInt64 = 4
        while (1 << bits) * 3 < entries.count * 5 { bits += 1 }
        capacity = 1 << bits
        shift = 64 - bits
        slots = .allocate(capacity: capacity)
        slots.initialize(repeating: Slot(key: .max, value: Self.none), count: capacity)
        for (left, right, first, second) in entries {
            let key = UInt64(left) << 32 | UInt64(right)
            var at = index(key)
            while slots[at].key != key && slots[at].key != .max { at = (at + 1) & (capacity - 1) }
            slots[at] = Slot(key: key, value: UInt64(first) << 32 | UInt64(second))
        }
    }

    deinit { slots.deallocate() }

    @inline(__always)
    private func index(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: ((key ^ (key >> 29)) &* 0x9e37_79b9_7f4a_7c15) >> shift)
    }

    /// The value of a pair, with its first component in the upper half; `none` if the key is
    /// missing.
    @inline(__always)
    func find(_ left: UInt32, _ right: UInt32) -> UInt64 {
        let key = UInt64(left) << 32 | UInt64(right)
        var at = index(key)
        while true {
            let slot = slots[at]
            if slot.key == key { return slot.value }
            if slot.key == .max { return Self.none }
            at = (at &+ 1) & (capacity &- 1)
        }
    }
}
