// Bounds-checked integers from encoded bytes: a read out of bounds returns nil and never traps.

import Foundation

/// The byte order of a file's integers.
enum ByteOrder {
    case little, big
}

extension Data {
    /// The byte at `offset` from the start.
    func byte(_ offset: Int) -> Int? {
        offset >= 0 && offset < count ? Int(self[startIndex + offset]) : nil
    }

    /// The unsigned 16-bit integer at `offset`.
    func word(_ offset: Int, _ order: ByteOrder) -> Int? {
        guard let first = byte(offset), let second = byte(offset + 1) else { return nil }
        return order == .little ? first | second << 8 : first << 8 | second
    }

    /// The unsigned 32-bit integer at `offset`.
    func long(_ offset: Int, _ order: ByteOrder) -> Int? {
        guard let first = word(offset, order), let second = word(offset + 2, order) else {
            return nil
        }
        return order == .little ? first | second << 16 : first << 16 | second
    }

    /// The `count` bytes at `offset`.
    func bytes(_ offset: Int, _ count: Int) -> [UInt8]? {
        guard offset >= 0, count >= 0, offset <= self.count - count else { return nil }
        return [UInt8](self[startIndex + offset..<startIndex + offset + count])
    }

    /// Whether all `parts` are found at their offsets.
    func matches(_ parts: [(Int, [UInt8])]) -> Bool {
        parts.allSatisfy { offset, expected in bytes(offset, expected.count) == expected }
    }
}
