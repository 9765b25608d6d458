// Hashes that tell contents apart: by their bytes, or by their words.

package import Foundation

/// 128 bits of any number of bytes: it tells contents apart, and does not withstand forgery. Two
/// different ones of 100 million contents share a hash with a chance of 1 in 10^22.
package struct ContentHash: Sendable, Hashable {
    package private(set) var low: UInt64
    package private(set) var high: UInt64

    /// The hash of bytes.
    package init(_ bytes: UnsafeRawBufferPointer) {
        (low, high) = (0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344)
        add(bytes)
    }

    /// The hash of data.
    package init(_ data: Data) {
        self = data.withUnsafeBytes { Self($0) }
    }

    /// The hash of a text's UTF-8.
    package init(_ text: String) {
        var text = text
        self = text.withUTF8 { Self(UnsafeRawBufferPointer($0)) }
    }

    /// 64 of the bits.
    package var short: UInt64 { low ^ high }

    /// 32 hexadecimal digits.
    package var text: String { Self.digits(high) + Self.digits(low) }

    private static func digits(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Goes on with more bytes and their number.
    package mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var position = 0
        while position + 8 <= bytes.count {
            take(bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self).littleEndian)
            position += 8
        }
        var rest: UInt64 = 0
        for index in position..<bytes.count {
            rest |= UInt64(bytes[index]) << UInt64(8 * (index - position))
        }
        take(rest)
        take(UInt64(bytes.count))
        // Every bit of the input has reached every bit of the state.
        for _ in 0..<2 { take(0x9e37_79b9_7f4a_7c15) }
    }

    /// Goes on with a text.
    package mutating func add(_ text: String) {
        var text = text
        text.withUTF8 { add(UnsafeRawBufferPointer($0)) }
    }

    /// Goes on with a number.
    package mutating func add(_ number: UInt64) {
        take(number)
        take(8)
    }

    /// Two multiplications to 128 bits whose halves are folded; each lane also takes the other.
    private mutating func take(_ word: UInt64) {
        let first = (low ^ word).multipliedFullWidth(by: 0xa076_1d64_78bd_642f)
        let second = (high ^ word).multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
        (low, high) = (
            first.low ^ first.high &+ high.rotated(29), second.low ^ second.high &+ low.rotated(47)
        )
    }
}

extension UInt64 {
    fileprivate func rotated(_ bits: UInt64) -> UInt64 { self << bits | self >> (64 - bits) }
}

/// Texts as they are compared: compatibility forms, letter case and spaces do not count.
package enum NormalizedText {
    /// Words of `text`, one space apart.
    package static func make(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { $0 < 0x80 }
        let folded =
            isPlain ? text : text.precomposedStringWithCompatibilityMapping
        return folded.lowercased().unicodeScalars.split { $0.properties.isWhitespace }
            .map { String($0) }.joined(separator: " ")
    }

    /// What follows an instruction that ends in a colon, where it is long enough to mean something;
    /// `text` is normalised.
    package static func tail(of text: String) -> String? {
        guard let range = text.firstRange(of: ": ") else { return nil }
        let tail = text[range.upperBound...]
        return tail.utf8.count >= 20 ? String(tail) : nil
    }
}
