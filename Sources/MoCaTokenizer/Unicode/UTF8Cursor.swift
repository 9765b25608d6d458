// Decoding and encoding of single scalars in valid UTF-8.

/// Unchecked decoding: the bytes come from a `String`.
enum UTF8Cursor {
    /// The scalar that starts at `at`, and its length in bytes.
    @inline(__always)
    static func decode(_ at: UnsafePointer<UInt8>) -> (scalar: UInt32, count: Int) {
        let first = UInt32(at[0])
        if first < 0x80 { return (first, 1) }
        if first < 0xE0 { return ((first & 0x1F) << 6 | UInt32(at[1] & 0x3F), 2) }
        if first < 0xF0 {
            return ((first & 0xF) << 12 | UInt32(at[1] & 0x3F) << 6 | UInt32(at[2] & 0x3F), 3)
        }
        return (
            (first & 7) << 18 | UInt32(at[1] & 0x3F) << 12 | UInt32(at[2] & 0x3F) << 6
                | UInt32(at[3] & 0x3F), 4
        )
    }

    /// The scalar that ends just before `end`.
    static func decode(before end: UnsafePointer<UInt8>) -> (scalar: UInt32, count: Int) {
        var start = end - 1
        while start[0] & 0xC0 == 0x80 { start -= 1 }
        return decode(start)
    }

    /// The scalar that `text`, valid UTF-8, consists of; nil if it is not exactly one.
    static func onlyScalar(_ text: ArraySlice<UInt8>) -> UInt32? {
        text.withUnsafeBufferPointer { text in
            guard let base = text.baseAddress, !text.isEmpty else { return nil }
            let (scalar, count) = decode(base)
            return count == text.count ? scalar : nil
        }
    }

    /// Appends the UTF-8 of `scalar`.
    @inline(__always)
    static func append(_ scalar: UInt32, to out: inout [UInt8]) {
        if scalar < 0x80 {
            out.append(UInt8(truncatingIfNeeded: scalar))
            return
        }
        if scalar < 0x800 {
            out.append(UInt8(truncatingIfNeeded: 0xC0 | scalar >> 6))
        } else {
            if scalar < 0x10000 {
                out.append(UInt8(truncatingIfNeeded: 0xE0 | scalar >> 12))
            } else {
                out.append(UInt8(truncatingIfNeeded: 0xF0 | scalar >> 18))
                out.append(UInt8(truncatingIfNeeded: 0x80 | (scalar >> 12 & 0x3F)))
            }
            out.append(UInt8(truncatingIfNeeded: 0x80 | (scalar >> 6 & 0x3F)))
        }
        out.append(UInt8(truncatingIfNeeded: 0x80 | (scalar & 0x3F)))
    }
}
