// Tells one content from another by its bytes.

package import Foundation

/// FNV-1a (Fowler, Noll, Vo) with 128 bits, taking words of 8 bytes, over parts with their lengths:
/// it finds changes, not forgeries. Equal up to one word, two contents never have one digest.
package struct Digest: Sendable, Hashable {
    /// The digest of what was added so far.
    package private(set) var value: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d

    /// The digest of nothing.
    package init() {}

    /// 32 hexadecimal digits.
    package var text: String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 32 - digits.count) + digits
    }

    /// Adds bytes and their number.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var state = value
        let words = bytes.count / 8
        for word in 0..<words {
            let bits = bytes.loadUnaligned(fromByteOffset: 8 * word, as: UInt64.self)
            state = (state ^ UInt128(UInt64(littleEndian: bits))) &* Self.prime
        }
        for byte in bytes[(8 * words)...] { state = (state ^ UInt128(byte)) &* Self.prime }
        value = (state ^ UInt128(bytes.count)) &* Self.prime
    }

    /// 2^88 + 2^8 + 0x3b.
    private static let prime: UInt128 = 0x1_0000_0000_0000_0000_013b

    /// Adds bytes and their number.
    package mutating func add(_ data: Data) {
        data.withUnsafeBytes { add($0) }
    }

    /// Adds a text.
    package mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }
}
