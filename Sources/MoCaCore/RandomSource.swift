// A stream of random numbers that is a value: it can be copied, saved in a checkpoint and
// continued.

/// SplitMix64 (Steele, Lea, Flood 2014): equal on every platform, with a state of one integer, so
/// that a run can be continued bit for bit.
public struct RandomSource: RandomNumberGenerator, Sendable, Hashable, Codable {
    /// The complete state.
    public private(set) var state: UInt64

    /// Starts the stream of `seed`.
    public init(seed: UInt64) {
        state = seed
    }

    /// Starts the stream of `seed` for `name`: streams of different names are independent, whatever
    /// their order of use.
    public init(seed: UInt64, name: String) {
        // FNV-1a over the name, mixed with the seed.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 {
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
        }
        state = seed
        state = next() ^ hash
        state = next()
    }

    /// The next 64 random bits.
    public mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    /// A uniform sample of [0, 1) with 24 random bits.
    public mutating func uniform() -> Float {
        Float(next() >> 40) * 0x1p-24
    }
}
