// Tells one content from another by its bytes.

package import Foundation

/// FNV-1a with 128 bits (Fowler, Noll, Vo) over parts with their lengths: it finds changes, not
/// forgeries.
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
        // 2^88 + 2^8 + 0x3b.
        let prime: UInt128 = 0x1_0000_0000_0000_0000_013b
        for byte in bytes { value = (value ^ UInt128(byte)) &* prime }
        value = (value ^ UInt128(bytes.count)) &* prime
    }

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
