// A random order of n items that is computed, not stored.

import MoCaCore

/// A permutation of `0..<count`, determined by a seed and an epoch: `order[i]` costs a few
/// multiplications and no memory.
///
/// A Feistel network permutes the next power of four; values outside the range are permuted again
/// until they are inside (cycle walking: Black and Rogaway, "Ciphers with arbitrary finite
/// domains", 2002).
package struct ShuffleOrder: Sendable, Hashable, Codable {
    private static let roundCount: UInt64 = 8

    /// The number of items.
    package let count: Int
    private let key: UInt64

    /// Makes the order of `count` items in one epoch; `name` distinguishes orders of the same seed.
    package init(count: Int, seed: UInt64, epoch: Int, name: String = "") {
        precondition(count >= 0, "an order of \(count) things")
        self.count = count
        var random = RandomSource(seed: seed, name: "order/\(epoch)/\(name)")
        key = random.next()
    }

    /// The item at a position.
    package subscript(position: Int) -> Int {
        precondition(position >= 0 && position < count, "position \(position) of \(count)")
        let bits = UInt64.bitWidth - UInt64(count - 1).leadingZeroBitCount
        let halfBits = UInt64(max(1, (bits + 1) / 2))
        var value = UInt64(position)
        repeat { value = permute(value, halfBits) } while value >= UInt64(count)
        return Int(value)
    }

    private func permute(_ value: UInt64, _ halfBits: UInt64) -> UInt64 {
        let mask = (UInt64(1) << halfBits) - 1
        var left = value >> halfBits
        var right = value & mask
        for round in 0..<Self.roundCount {
            (left, right) = (right, left ^ (mix(right, round) & mask))
        }
        return left << halfBits | right
    }

    private func mix(_ value: UInt64, _ round: UInt64) -> UInt64 {
        var source = RandomSource(seed: key &+ value &* 0x9fb2_1c65_1e98_df25 &+ round << 56)
        return source.next()
    }
}
