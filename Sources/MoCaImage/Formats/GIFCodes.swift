// The variable-length LZW codes of a GIF frame.

import Foundation

/// Decodes palette indices from the sub-blocks of a GIF frame.
struct GIFCodes {
    private static let tableSize = 4096

    private let file: EncodedImage
    private let clear: Int
    /// The concatenated bytes of the sub-blocks.
    private let stream: [UInt8]

    /// Concatenates the sub-blocks from `start`; `bits` is the minimum code size.
    init(_ file: EncodedImage, start: Int, bits: Int) throws {
        self.file = file
        clear = 1 << bits
        var joined: [UInt8] = []
        var at = start
        while let size = file.data.byte(at), size != 0 {
            let present = min(size, file.data.count - at - 1)
            joined += file.data.bytes(at + 1, present) ?? []
            at += 1 + size
        }
        stream = joined
    }

    /// The first `count` indices. Throws `ImageError` if the codes end early or are invalid.
    func indices(count: Int) throws -> [UInt8] {
        // A code stands for the string of `prefix` followed by `last`.
        var prefix = [Int](repeating: 0, count: Self.tableSize)
        var last = [UInt8](repeating: 0, count: Self.tableSize)
        var out: [UInt8] = []
        out.reserveCapacity(count)
        var (next, size) = (clear + 2, clear.trailingZeroBitCount + 1)
        var previous: Int?
        var position = 0
        var string: [UInt8] = []
        var firstOfPrevious: UInt8 = 0
        while out.count < count {
            guard let code = bits(size, at: position) else { throw file.truncation }
            position += size
            if code == clear {
                (next, size, previous) = (clear + 2, clear.trailingZeroBitCount + 1, nil)
                continue
            }
            if code == clear + 1 { throw file.truncation }
            guard code < clear || (previous != nil && code <= next) else { throw damaged }
            string.removeAll(keepingCapacity: true)
            var link = code
            if code == next, let previous {
                string.append(firstOfPrevious)
                link = previous
            }
            while link >= clear {
                // Links point to older codes, so the loop terminates.
                guard link < next, link >= clear + 2 else { throw damaged }
                string.append(last[link])
                link = prefix[link]
            }
            firstOfPrevious = UInt8(link & 0xff)
            string.append(firstOfPrevious)
            out.append(contentsOf: string.reversed())
            if let previous, next < Self.tableSize {
                (prefix[next], last[next]) = (previous, firstOfPrevious)
                if next == (1 << size) - 1 && size < 12 { size += 1 }
                next += 1
            }
            previous = code
        }
        return Array(out.prefix(count))
    }

    private var damaged: ImageError { .damaged(name: file.name, format: .gif) }

    /// The `size` (at most 12) bits from bit `position`, least significant first.
    private func bits(_ size: Int, at position: Int) -> Int? {
        let byte = position >> 3
        guard position + size <= stream.count * 8 else { return nil }
        var value = Int(stream[byte])
        if byte + 1 < stream.count { value |= Int(stream[byte + 1]) << 8 }
        if byte + 2 < stream.count { value |= Int(stream[byte + 2]) << 16 }
        return value >> (position & 7) & ((1 << size) - 1)
    }
}
